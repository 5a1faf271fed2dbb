/** Specifies how policies of whose tokens are taken are written, and what of them is refused. */
import test from 'ava';
import { authenticationOf, authenticationSchema } from '../../policy/authentication.ts';
import { startIssuer } from '../support/tokens.ts';

const issuer = 'https://id.example.com';
const jwksUri = 'https://id.example.com/keys';

test('what is left out has its default', (t) => {
  t.deepEqual(authenticationSchema.parse({ jwtRules: [{ issuer, jwksUri }] }) as unknown, {
    target: {},
    jwtRules: [
      {
        ...{ issuer, jwksUri, refresh: '5m', staleFor: '24h', tolerance: '1m' },
        ...{ jwksCaCertificates: 'system', forwardOriginalToken: false, outputClaimToHeaders: [] },
      },
    ],
    required: false,
  });
});

test('keys in a policy are read once; those elsewhere are had by their name', async (t) => {
  const { jwks } = await startIssuer(issuer, ['ES256', 'EdDSA']);
  const written = authenticationSchema.parse({
    jwtRules: [
      { issuer, jwks },
      { issuer, jwksFile: '/etc/keys.json' },
      { issuer, jwksUri, refresh: '90s', staleFor: '1h' },
    ],
  });
  const [inline, file, uri] = authenticationOf(written).jwtRules.map(({ keys }) => keys);
  t.is(inline?.kind === 'inline' ? inline.keys.length : 0, 2);
  t.like(file, { kind: 'file', at: '/etc/keys.json' });
  t.deepEqual(uri, {
    ...{ kind: 'uri', name: `uri ${jwksUri}`, at: jwksUri },
    ...{ refreshMs: 90_000, staleForMs: 3_600_000 },
  });
});

const rule = (more: object) => ({ jwtRules: [{ issuer, ...more }] });
const secret = { kty: 'RSA', n: 'a', e: 'AQAB', d: 'a' };

for (const [why, wrong] of [
  ['no rules', { jwtRules: [] }],
  ['keys nowhere', rule({})],
  ['keys at two places', rule({ jwksUri, jwksFile: '/a' })],
  ['keys by http from elsewhere', rule({ jwksUri: 'http://id.example.com/keys' })],
  ['keys by another scheme', rule({ jwksUri: 'file:///etc/keys' })],
  ['authorities for a file', rule({ jwksFile: '/a', jwksCaCertificates: '/ca.pem' })],
  ['authorities for http', rule({ jwksUri: 'http://[::1]/', jwksCaCertificates: '/ca.pem' })],
  ['authorities that are none', rule({ jwksUri, jwksCaCertificates: 'ca.pem' })],
  ['a URI with a password', rule({ jwksUri: 'https://a:b@id.example.com/keys' })],
  ['a file without its whole path', rule({ jwksFile: 'keys.json' })],
  ['no set of keys', rule({ jwks: '{"keys": 1}' })],
  ['a shared key', rule({ jwks: JSON.stringify({ keys: [{ kty: 'oct', k: 'c2VjcmV0' }] }) })],
  ['a private key', rule({ jwks: JSON.stringify({ keys: [secret] }) })],
  ['no usable key', rule({ jwks: '{"keys": []}' })],
  ['an empty audience', rule({ jwksUri, audiences: [] })],
  [
    'a claim in a field of framing',
    rule({ jwksUri, outputClaimToHeaders: [{ header: 'Content-Length', claim: 'a' }] }),
  ],
  [
    'a claim in a field of gateways',
    rule({ jwksUri, outputClaimToHeaders: [{ header: 'X-Forwarded-For', claim: 'a' }] }),
  ],
] as const) {
  test(`refused: ${why}`, (t) => t.false(authenticationSchema.safeParse(wrong).success));
}

test('http is taken from this machine itself', (t) => {
  for (const host of ['127.0.0.1:8080', 'localhost', '[::1]:80']) {
    t.true(authenticationSchema.safeParse(rule({ jwksUri: `http://${host}/keys` })).success, host);
  }
});
