/** Specifies which texts are SPIFFE IDs and trust domains. */
import test from 'ava';
import { clusterOf, gatewayId, parseSpiffeId, parseTrustDomain } from '../../certs/spiffe-id.ts';

const dc1 = parseTrustDomain('dc1.acme');

const valid: readonly (readonly [text: string, trustDomain: string, path: string])[] = [
  ['spiffe://dc1.acme', 'dc1.acme', ''],
  ['spiffe://dc1.acme/gateway/g1', 'dc1.acme', '/gateway/g1'],
  ['spiffe://dc1.acme/ns/default/sa/web', 'dc1.acme', '/ns/default/sa/web'],
  ['SPIFFE://dc1.acme/a', 'dc1.acme', '/a'],
  ['spiffe://a_b-c.1/X_y-z.9', 'a_b-c.1', '/X_y-z.9'],
  ['spiffe://td/...', 'td', '/...'],
  ['spiffe://td/.hidden', 'td', '/.hidden'],
  [`spiffe://${'t'.repeat(255)}`, 't'.repeat(255), ''],
  [`spiffe://td/${'p'.repeat(2036)}`, 'td', `/${'p'.repeat(2036)}`],
];

for (const [text, trustDomain, path] of valid) {
  test(`${text.slice(0, 60)} is a SPIFFE ID`, (t) => {
    const id = parseSpiffeId(text);
    t.is(id.trustDomain, trustDomain as typeof id.trustDomain);
    t.is(id.path, path);
    t.is(id.uri, `spiffe://${trustDomain}${path}`);
  });
}

const invalid: readonly (readonly [defect: string, text: string])[] = [
  ['an empty text', ''],
  ['another scheme', 'https://dc1.acme/a'],
  ['no scheme', 'dc1.acme/a'],
  ['one slash after the scheme', 'spiffe:/dc1.acme/a'],
  ['an empty trust domain', 'spiffe:///a'],
  ['an upper-case trust domain', 'spiffe://DC1.acme/a'],
  ['a trust domain of 256 bytes', `spiffe://${'t'.repeat(256)}`],
  ['2049 bytes', `spiffe://td/${'p'.repeat(2037)}`],
  ['a port', 'spiffe://dc1.acme:443/a'],
  ['user information', 'spiffe://user@dc1.acme/a'],
  ['a query', 'spiffe://dc1.acme/a?b'],
  ['a query without a path', 'spiffe://dc1.acme?b'],
  ['a fragment', 'spiffe://dc1.acme/a#b'],
  ['percent-encoding in the path', 'spiffe://dc1.acme/a%2fb'],
  ['percent-encoding in the trust domain', 'spiffe://dc1%2eacme/a'],
  ['a trailing slash', 'spiffe://dc1.acme/a/'],
  ['a trailing slash and no path', 'spiffe://dc1.acme/'],
  ['an empty segment', 'spiffe://dc1.acme/a//b'],
  ['a segment of one dot', 'spiffe://dc1.acme/./a'],
  ['a segment of two dots', 'spiffe://dc1.acme/a/..'],
  ['a space', 'spiffe://dc1.acme/a b'],
  ['a line break at the end', 'spiffe://dc1.acme/a\n'],
  ['a NUL', 'spiffe://dc1.acme/a\0'],
  ['letters beyond ASCII', 'spiffe://dc1.acme/é'],
];

for (const [defect, text] of invalid) {
  test(`${defect} is refused in a SPIFFE ID`, (t) => {
    t.throws(() => parseSpiffeId(text), { code: 'SPIFFE_ID_INVALID' });
  });
}

for (const text of ['', 'DC1', 'spiffe://dc1', 'dc1/a', 'dc1:1', 'dc1\n', 't'.repeat(256)]) {
  test(`${JSON.stringify(text.slice(0, 20))} is not a trust domain`, (t) => {
    t.throws(() => parseTrustDomain(text), { code: 'SPIFFE_ID_INVALID' });
  });
}

test('gateways have a path of their own', (t) => {
  t.is(gatewayId(dc1, 'g1').uri, 'spiffe://dc1.acme/gateway/g1');
});

test("a name can't climb out of its segment", (t) => {
  t.throws(() => gatewayId(dc1, '../ns/x/sa/y'), { code: 'SPIFFE_ID_INVALID' });
  t.throws(() => gatewayId(dc1, ''), { code: 'SPIFFE_ID_INVALID' });
});

test("an ID's cluster is the first label of its trust domain", (t) => {
  t.is(clusterOf(gatewayId(dc1, 'g1')), 'dc1');
  t.is(clusterOf(gatewayId(parseTrustDomain('alone'), 'g1')), 'alone');
});
