/** Specifies which certificate chains are believed, by the bundle of the domain that they name. */
import type { X509Certificate } from 'node:crypto';
import { id_kp_clientAuth, id_kp_serverAuth, KeyUsageFlags } from '@peculiar/asn1-x509';
import test from 'ava';
import { parseTrustDomain, type TrustDomain } from '../../certs/spiffe-id.ts';
import { TrustStore } from '../../certs/trust-store.ts';
import { authorityUsage, type ForgeRequest, forge, leafUsage } from './forge.ts';

const dc1 = parseTrustDomain('dc1.acme');
const dc2 = parseTrustDomain('dc2.acme');
const uri = 'spiffe://dc1.acme/gateway/g1';
const minute = 60_000;
const root = forge({ name: 'dc1', ca: true });
const foreignRoot = forge({ name: 'dc2', ca: true });

function bundle(trustDomain: TrustDomain, ...roots: readonly X509Certificate[]) {
  return { trustDomain, sequence: 1, refreshHintSeconds: 300, roots };
}

function trusting(...bundles: readonly ReturnType<typeof bundle>[]): TrustStore {
  const trust = new TrustStore();
  for (const each of bundles) trust.set(each);
  return trust;
}

const both = trusting(bundle(dc1, root.certificate), bundle(dc2, foreignRoot.certificate));

function leafOf(request: Partial<ForgeRequest> = {}): X509Certificate {
  return forge({ name: 'leaf', issuer: root, uris: [uri], ...request }).certificate;
}

test('a leaf is who its SPIFFE ID says, vouched for by a root of its trust domain', (t) => {
  const id = both.verifyChain([leafOf()], Date.now());
  t.deepEqual(id, { trustDomain: dc1, path: '/gateway/g1', uri });
});

test("a root of dc2 can't vouch for dc1", (t) => {
  t.throws(() => both.verifyChain([leafOf({ issuer: foreignRoot })], Date.now()), {
    code: 'CERT_UNTRUSTED',
    message: /not signed by a root of dc1\.acme/,
  });
});

test("presenting a root of one's own makes nobody trust it", (t) => {
  const own = forge({ name: 'dc1', ca: true });
  const chain = [leafOf({ issuer: own }), own.certificate];
  t.throws(() => both.verifyChain(chain, Date.now()), { code: 'CERT_UNTRUSTED' });
});

test('a leaf of a trust domain without a bundle is refused', (t) => {
  const chain = [leafOf({ uris: ['spiffe://dc3.acme/gateway/g1'] })];
  t.throws(() => both.verifyChain(chain, Date.now()), {
    code: 'CERT_UNTRUSTED',
    message: /no trust bundle for dc3\.acme/,
  });
});

test('an empty bundle trusts nobody', (t) => {
  t.throws(() => trusting(bundle(dc1)).verifyChain([leafOf()], Date.now()), {
    code: 'CERT_UNTRUSTED',
  });
});

test('an empty chain is refused', (t) => {
  t.throws(() => both.verifyChain([], Date.now()), { code: 'CERT_INVALID' });
});

const shapes: readonly (readonly [defect: string, request: Partial<ForgeRequest>])[] = [
  ['two URI SANs', { uris: [uri, 'spiffe://dc2.acme/gateway/g1'] }],
  ['the same URI SAN twice', { uris: [uri, uri] }],
  ['a SPIFFE ID and a web address', { uris: [uri, 'https://dc1.acme'] }],
  ['DNS names only', { uris: [], dnsNames: ['dc1.acme'] }],
  ['no name at all', { uris: [] }],
  ['a URI that is not a SPIFFE ID', { uris: ['https://dc1.acme/gateway/g1'] }],
  ['the ID of a whole trust domain', { uris: ['spiffe://dc1.acme'] }],
  ['a NUL in its ID', { uris: ['spiffe://dc1.acme/gateway/g1\0'] }],
  ['CA:true', { ca: true, usage: leafUsage }],
  ['keyCertSign', { usage: leafUsage | KeyUsageFlags.keyCertSign }],
  ['cRLSign', { usage: leafUsage | KeyUsageFlags.cRLSign }],
  ['no digitalSignature', { usage: KeyUsageFlags.keyAgreement }],
  ['server authentication only', { purposes: [id_kp_serverAuth] }],
  ['client authentication only', { purposes: [id_kp_clientAuth] }],
  ['an unknown critical extension', { unknownCritical: '1.3.6.1.4.1.99999.1' }],
];

for (const [defect, request] of shapes) {
  test(`a leaf with ${defect} is refused`, (t) => {
    t.throws(() => both.verifyChain([leafOf(request)], Date.now()), { code: 'CERT_INVALID' });
  });
}

test('a leaf for both ends of TLS with DNS names beside its ID is accepted', (t) => {
  const leaf = leafOf({ dnsNames: ['a.b'], purposes: [id_kp_serverAuth, id_kp_clientAuth] });
  t.is(both.verifyChain([leaf], Date.now()).uri, uri);
});

test('a leaf is refused before and after its time, also once it was accepted', (t) => {
  const now = Date.now();
  const leaf = leafOf({ notBefore: now - 10 * minute, notAfter: now + 10 * minute });
  t.is(both.verifyChain([leaf], now).uri, uri);
  const early = { code: 'CERT_UNTRUSTED', message: /CN=leaf is not valid before/ };
  t.throws(() => both.verifyChain([leaf], now - 11 * minute), early);
  t.throws(() => both.verifyChain([leaf], now + 11 * minute), {
    code: 'CERT_UNTRUSTED',
    message: /CN=leaf expired/,
  });
  t.is(both.verifyChain([leaf], now).uri, uri);
});

test('a root that expires takes its leaves with it', (t) => {
  const now = Date.now();
  const old = forge({ name: 'old', ca: true, notAfter: now + minute });
  const trust = trusting(bundle(dc1, old.certificate));
  const leaf = leafOf({ issuer: old });
  t.is(trust.verifyChain([leaf], now).uri, uri);
  t.throws(() => trust.verifyChain([leaf], now + 2 * minute), {
    code: 'CERT_UNTRUSTED',
    message: /CN=old expired/,
  });
});

test('a signature with SHA-1 is refused', (t) => {
  const leaf = leafOf({ signature: { oid: '1.2.840.10045.4.1', digest: 'sha1' } });
  t.throws(() => both.verifyChain([leaf], Date.now()), {
    code: 'CERT_UNTRUSTED',
    message: /algorithm/,
  });
});

test('intermediates are followed in whatever order they come', (t) => {
  const upper = forge({ name: 'upper', issuer: root, ca: true });
  const lower = forge({ name: 'lower', issuer: upper, ca: true });
  const stray = forge({ name: 'stray', ca: true });
  const leaf = leafOf({ issuer: lower });
  const others = [upper, stray, root, lower].map(({ certificate }) => certificate);
  t.is(both.verifyChain([leaf, ...others], Date.now()).uri, uri);
  t.throws(() => trusting(bundle(dc1, root.certificate)).verifyChain([leaf], Date.now()), {
    code: 'CERT_UNTRUSTED',
  });
});

test('a third intermediate is refused', (t) => {
  const one = forge({ name: 'one', issuer: root, ca: true });
  const two = forge({ name: 'two', issuer: one, ca: true });
  const three = forge({ name: 'three', issuer: two, ca: true });
  const chain = [leafOf({ issuer: three }), three.certificate, two.certificate, one.certificate];
  t.throws(() => both.verifyChain(chain, Date.now()), { code: 'CERT_UNTRUSTED' });
});

test('a chain of nine certificates is refused unread', (t) => {
  const strays = Array.from({ length: 8 }, () => root.certificate);
  t.throws(() => both.verifyChain([leafOf(), ...strays], Date.now()), { code: 'CERT_INVALID' });
});

const intermediates: readonly (readonly [defect: string, request: Partial<ForgeRequest>])[] = [
  ['that is a leaf itself', { usage: leafUsage, uris: ['spiffe://dc1.acme/gateway/g2'] }],
  ['without CA:true', { usage: authorityUsage }],
  ['without keyCertSign', { ca: true, usage: KeyUsageFlags.cRLSign }],
  ['that has expired', { ca: true, notAfter: Date.now() - minute }],
  ['constrained to another trust domain', { ca: true, permittedHosts: ['dc2.acme'] }],
  ['constrained to what is below its trust domain', { ca: true, permittedHosts: ['.dc1.acme'] }],
  ['constrained not to name its trust domain', { ca: true, excludedHosts: ['.acme'] }],
  ['with an unknown critical extension', { ca: true, unknownCritical: '1.3.6.1.4.1.99999.1' }],
];

for (const [defect, request] of intermediates) {
  test(`an intermediate ${defect} is refused`, (t) => {
    const intermediate = forge({ name: 'intermediate', issuer: root, ...request });
    const chain = [leafOf({ issuer: intermediate }), intermediate.certificate];
    t.throws(() => both.verifyChain(chain, Date.now()), { code: 'CERT_UNTRUSTED' });
  });
}

for (const permitted of ['dc1.acme', 'DC1.acme', '.acme']) {
  test(`an intermediate constrained to ${permitted} may issue for dc1.acme`, (t) => {
    const intermediate = forge({ name: 'x', issuer: root, ca: true, permittedHosts: [permitted] });
    const chain = [leafOf({ issuer: intermediate }), intermediate.certificate];
    t.is(both.verifyChain(chain, Date.now()).uri, uri);
  });
}

test('a path length of 0 allows leaves and no intermediate', (t) => {
  const short = forge({ name: 'short', ca: true, pathLength: 0 });
  const trust = trusting(bundle(dc1, short.certificate));
  const intermediate = forge({ name: 'intermediate', issuer: short, ca: true });
  t.is(trust.verifyChain([leafOf({ issuer: short })], Date.now()).uri, uri);
  const chain = [leafOf({ issuer: intermediate }), intermediate.certificate];
  t.throws(() => trust.verifyChain(chain, Date.now()), { code: 'CERT_UNTRUSTED' });
});

test("a root constrained to dc2 can't vouch for dc1 even in the bundle of dc1", (t) => {
  const constrained = forge({ name: 'dc2', ca: true, permittedHosts: ['dc2.acme'] });
  const trust = trusting(bundle(dc1, constrained.certificate));
  t.throws(() => trust.verifyChain([leafOf({ issuer: constrained })], Date.now()), {
    code: 'CERT_UNTRUSTED',
  });
});

test('two roots of one trust domain are both good while it rotates, and the old one is not after', (t) => {
  const next = forge({ name: 'next', ca: true });
  const trust = trusting(bundle(dc1, root.certificate, next.certificate));
  const [old, young] = [leafOf(), leafOf({ issuer: next })];
  t.is(trust.verifyChain([old], Date.now()).uri, uri);
  t.is(trust.verifyChain([young], Date.now()).uri, uri);
  trust.set(bundle(dc1, next.certificate));
  t.throws(() => trust.verifyChain([old], Date.now()), { code: 'CERT_UNTRUSTED' });
  t.is(trust.verifyChain([young], Date.now()).uri, uri);
});

test('a leaf that was accepted is refused once its bundle is removed', (t) => {
  const trust = trusting(bundle(dc1, root.certificate));
  const leaf = leafOf();
  t.is(trust.verifyChain([leaf], Date.now()).uri, uri);
  trust.remove(dc1);
  t.is(trust.get(dc1), undefined);
  t.deepEqual(trust.domains(), []);
  t.throws(() => trust.verifyChain([leaf], Date.now()), { code: 'CERT_UNTRUSTED' });
});

test('subscribers hear of each change, even after one that throws, until they stop', (t) => {
  const trust = new TrustStore();
  const heard: string[] = [];
  trust.onChange(() => {
    throw new Error('deaf');
  });
  const stop = trust.onChange((trustDomain) => heard.push(trustDomain));
  t.throws(() => trust.set(bundle(dc1, root.certificate)), { instanceOf: AggregateError });
  t.throws(() => trust.remove(dc1), { instanceOf: AggregateError });
  trust.remove(dc1);
  stop();
  t.throws(() => trust.set(bundle(dc2)), { instanceOf: AggregateError });
  t.deepEqual(heard, [dc1, dc1]);
});
