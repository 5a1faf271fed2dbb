/** Specifies an authority's key and root: founded once, kept safe, opened again, and what it refuses to be. */
import { X509Certificate } from 'node:crypto';
import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openAuthority } from '../../certs/authority.ts';
import { verifySignature } from '../../certs/signature.ts';
import { gatewayId, parseTrustDomain } from '../../certs/spiffe-id.ts';
import { TrustStore } from '../../certs/trust-store.ts';
import { fingerprintOf } from '../../certs/x509.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { tempDir } from '../support/temp-dir.ts';

const dc1 = parseTrustDomain('dc1.acme');
const dc2 = parseTrustDomain('dc2.acme');
const day = 24 * 3600_000;

async function founded(t: ExecutionContext) {
  const dir = join(await tempDir(t), 'authority');
  const clock = new ManualClock();
  const open = (trustDomain = dc1) => openAuthority({ dir, trustDomain, clock });
  const authority = await open();
  const keyPath = join(dir, 'ca.key');
  const certPath = join(dir, 'ca.crt');
  return { dir, clock, open, authority, keyPath, certPath };
}

test('the key file is 0600 and its folder 0700', async (t) => {
  const { dir, keyPath } = await founded(t);
  t.is((await stat(keyPath)).mode & 0o777, 0o600);
  t.is((await stat(dir)).mode & 0o777, 0o700);
  t.deepEqual((await readdir(dir)).sort(), ['ca.crt', 'ca.key']);
});

test('an authority opened again is the same', async (t) => {
  const { authority, open } = await founded(t);
  const again = await open();
  t.is(again.rootPem, authority.rootPem);
  t.is(again.keyId, fingerprintOf(authority.root.raw));
  t.deepEqual(again.bundle(), { ...authority.bundle(), roots: again.bundle().roots });
});

test('a founding that was interrupted between key and certificate carries on with that key', async (t) => {
  const { authority, certPath, open } = await founded(t);
  await rm(certPath);
  const again = await open();
  const bytes = Buffer.from('record');
  t.true(verifySignature([again.root], bytes, again.sign(bytes)));
  t.true(again.root.publicKey.equals(authority.root.publicKey));
});

test('a founding that was interrupted within a write starts over', async (t) => {
  const dir = await tempDir(t);
  await writeFile(join(dir, 'ca.key.1.1.tmp'), 'half a k', { mode: 0o644 });
  await openAuthority({ dir, trustDomain: dc1, clock: new ManualClock() });
  t.is((await stat(join(dir, 'ca.key'))).mode & 0o777, 0o600);
  t.deepEqual((await readdir(dir)).sort(), ['ca.crt', 'ca.key']);
});

test('a key that has gone is not replaced', async (t) => {
  const { keyPath, open } = await founded(t);
  await rm(keyPath);
  await t.throwsAsync(open(), { code: 'KEY_UNREADABLE' });
  await t.throwsAsync(stat(keyPath), { code: 'ENOENT' });
});

test('a key that is not one is refused, and is not in the error', async (t) => {
  const { keyPath, open } = await founded(t);
  await writeFile(keyPath, 'secret nonsense');
  const error = await t.throwsAsync(open(), { code: 'KEY_UNREADABLE' });
  t.false(error.message.includes('nonsense'));
});

for (const mode of [0o640, 0o604, 0o620]) {
  test(`a key with mode ${mode.toString(8)} is refused`, async (t) => {
    const { keyPath, open } = await founded(t);
    await chmod(keyPath, mode);
    await t.throwsAsync(open(), { code: 'KEY_UNREADABLE' });
  });
}

test('a certificate of another key is refused', async (t) => {
  const { certPath, open } = await founded(t);
  const other = await founded(t);
  await writeFile(certPath, await readFile(other.certPath));
  await t.throwsAsync(open(), { code: 'CERT_INVALID', message: /private key/ });
});

test('an authority of another trust domain is refused', async (t) => {
  const { open } = await founded(t);
  await t.throwsAsync(open(dc2), { code: 'CERT_INVALID', message: /dc1\.acme.*dc2\.acme/ });
});

test('a certificate that is not one is refused', async (t) => {
  const { certPath, open } = await founded(t);
  await writeFile(certPath, 'nonsense');
  await t.throwsAsync(open(), { code: 'CERT_INVALID' });
});

test('an expired root is refused, and issues nothing', async (t) => {
  const { authority, clock, open } = await founded(t);
  clock.advance(3660 * day);
  await t.throwsAsync(open(), { code: 'CERT_INVALID', message: /expired/ });
  const request = { id: gatewayId(dc1, 'g1'), dnsNames: [] };
  await t.throwsAsync(authority.issueLeaf(request), { code: 'CERT_INVALID', message: /expired/ });
});

test('a leaf names its owner, lives a day and is backdated by an hour', async (t) => {
  const { authority, clock } = await founded(t);
  const id = gatewayId(dc1, 'g1');
  const leaf = await authority.issueLeaf({
    id,
    dnsNames: ['g1.dc1.acme', 'localhost'],
    ipAddresses: ['127.0.0.1', '::1'],
  });
  const certificate = new X509Certificate(leaf.certPem);
  t.is(
    certificate.subjectAltName,
    'URI:spiffe://dc1.acme/gateway/g1, DNS:g1.dc1.acme, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
  );
  t.false(certificate.ca);
  t.true(certificate.checkIssued(authority.root));
  t.is(leaf.chainPem, leaf.certPem + authority.rootPem);
  t.is(leaf.notBefore, 1000 * Math.floor((clock.now() - 60 * 60_000) / 1000));
  t.is(leaf.notAfter, 1000 * Math.floor((clock.now() + day) / 1000));
});

test('two leaves share neither serial number nor key', async (t) => {
  const { authority } = await founded(t);
  const request = { id: gatewayId(dc1, 'g1'), dnsNames: [] };
  const [one, two] = await Promise.all([
    authority.issueLeaf(request),
    authority.issueLeaf(request),
  ]);
  t.not(one.keyPem, two.keyPem);
  const serial = new X509Certificate(one.certPem).serialNumber;
  t.not(serial, new X509Certificate(two.certPem).serialNumber);
  t.regex(serial, /^[4-7][0-9A-F]{39}$/);
});

test('a leaf does not outlive its root', async (t) => {
  const { authority, clock } = await founded(t);
  clock.advance(3652 * day);
  const leaf = await authority.issueLeaf({ id: gatewayId(dc1, 'g1'), dnsNames: [] });
  t.is(leaf.notAfter, authority.root.validToDate.getTime());
});

test("an authority can't vouch for another trust domain", async (t) => {
  const { authority } = await founded(t);
  const request = { id: gatewayId(dc2, 'g1'), dnsNames: [] };
  await t.throwsAsync(authority.issueLeaf(request), { code: 'CERT_INVALID' });
});

test('a trust domain of the greatest length has an authority', async (t) => {
  const dir = await tempDir(t);
  const clock = new ManualClock();
  const trustDomain = parseTrustDomain('t'.repeat(255));
  const authority = await openAuthority({ dir, trustDomain, clock });
  const leaf = await authority.issueLeaf({ id: gatewayId(trustDomain, 'g1'), dnsNames: [] });
  const trust = new TrustStore();
  trust.set(authority.bundle());
  const chain = [new X509Certificate(leaf.certPem)];
  t.is(trust.verifyChain(chain, clock.now()).trustDomain, trustDomain);
});

test('a signature verifies under its own root, over its own bytes, only', async (t) => {
  const { authority } = await founded(t);
  const { authority: other } = await founded(t);
  const bytes = Buffer.from('record');
  const signature = authority.sign(bytes);
  t.is(signature.keyId, authority.keyId);
  t.is(Buffer.from(signature.value, 'base64url').length, 64);
  t.true(verifySignature([other.root, authority.root], bytes, signature));
  t.false(verifySignature([authority.root], Buffer.from('Record'), signature));
  t.false(verifySignature([other.root], bytes, signature));
  t.false(verifySignature([other.root], bytes, { ...signature, keyId: other.keyId }));
  t.false(verifySignature([], bytes, signature));
  for (const value of ['', 'AAAA', '!', signature.value.slice(2), `${signature.value}AAAA`]) {
    t.false(verifySignature([authority.root], bytes, { ...signature, value }), value);
  }
});
