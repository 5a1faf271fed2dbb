/** Specifies what is signed of a record, and whose signature is believed. */
import type { X509Certificate } from 'node:crypto';
import test from 'ava';
import fc from 'fast-check';
import { openAuthority } from '../../certs/authority.ts';
import { parseTrustDomain } from '../../certs/spiffe-id.ts';
import { systemClock } from '../../core/clock.ts';
import { canonicalJson, signedBytes } from '../../registry/signed-bytes.ts';
import { signRecord, verifyRecord } from '../../registry/signing.ts';
import { tempDir } from '../support/temp-dir.ts';

const key = '/isthmus/v1/acme/clusters/dc1';

async function authority(t: Parameters<typeof tempDir>[0], trustDomain = 'dc1.acme') {
  return openAuthority({
    dir: await tempDir(t),
    trustDomain: parseTrustDomain(trustDomain),
    clock: systemClock,
  });
}

for (const [what, value, expected] of [
  [
    'the keys of every object are sorted',
    { b: 1, a: { d: [], c: null } },
    '{"a":{"c":null,"d":[]},"b":1}',
  ],
  ['lists keep their order', [3, 1, { y: 1, x: 2 }], '[3,1,{"x":2,"y":1}]'],
  ['what JSON leaves out is left out', { a: undefined, b: [undefined] }, '{"b":[null]}'],
  ['strings are escaped as JSON does', { 'ü"': '\n' }, '{"ü\\"":"\\n"}'],
] as const) {
  test(`canonical JSON: ${what}`, (t) => t.is(canonicalJson(value), expected));
}

test('canonical JSON says the same whatever the order of keys, and parses back to the value', (t) => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const shuffled = Object.fromEntries(Object.entries(value).reverse());
      t.is(canonicalJson(shuffled), canonicalJson(value));
      t.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('what is signed of a record is its canonical JSON, whatever is in it', (t) => {
  const proofs = new Set(['signature', 'admission']);
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (record) => {
      const said = Object.fromEntries(Object.entries(record).filter(([name]) => !proofs.has(name)));
      const bytes = signedBytes(key, record);
      t.is(new TextDecoder().decode(bytes), `${key}\n${canonicalJson(said)}`);
    }),
  );
});

test('what is signed is the key, a line break and the record without its signature', (t) => {
  const bytes = signedBytes(key, { cluster: 'dc1', a: 1, signature: { keyId: 'x', value: 'y' } });
  t.is(new TextDecoder().decode(bytes), `${key}\n{"a":1,"cluster":"dc1"}`);
});

test('a signed record verifies after a round trip through the registry, also with fields a newer version added', async (t) => {
  const dc1 = await authority(t);
  const signed = signRecord(key, { cluster: 'dc1', addedLater: { deep: [1] } }, dc1);
  t.notThrows(() => verifyRecord(key, JSON.parse(JSON.stringify(signed)), [dc1.root]));
});

test('a record that was altered, moved to another key, unsigned or signed by another cluster is refused', async (t) => {
  const [dc1, dc2] = [await authority(t), await authority(t, 'dc2.acme')];
  const signed = signRecord(key, { cluster: 'dc1', region: 'eu' }, dc1);
  const { signature, ...unsigned } = signed;
  for (const [where, record, roots] of [
    [key, { ...signed, region: 'us' }, [dc1.root]],
    [key, { ...signed, added: true }, [dc1.root]],
    ['/isthmus/v1/acme/clusters/dc2', signed, [dc1.root]],
    ['/isthmus/v1/other/clusters/dc1', signed, [dc1.root]],
    [key, unsigned, [dc1.root]],
    [key, null, [dc1.root]],
    [key, signed, [dc2.root]],
    [key, signed, []],
    [key, { ...signed, signature: { ...signature, keyId: dc2.keyId } }, [dc1.root, dc2.root]],
  ] as const) {
    t.throws(() => verifyRecord(where, record, roots), { code: 'RECORD_UNSIGNED' });
  }
});

test('what was altered is told from what somebody else signed', async (t) => {
  const [dc1, dc2] = [await authority(t), await authority(t, 'dc2.acme')];
  const signed = signRecord(key, { cluster: 'dc1', region: 'eu' }, dc1);
  const told = (record: object, roots: readonly X509Certificate[]) =>
    t.throws(() => verifyRecord(key, record, roots))?.message ?? '';
  t.regex(told({ ...signed, region: 'us' }, [dc1.root]), /is not what was signed: it was altered/);
  t.regex(
    told(signed, [dc2.root]),
    new RegExp(`by ${dc1.keyId}, which is not a root this cluster`),
  );
});

test('security: a signature that is known to be good counts for nothing where its root is not trusted', async (t) => {
  const [dc1, dc2] = [await authority(t), await authority(t, 'dc2.acme')];
  const signed = signRecord(key, { cluster: 'dc1' }, dc2);
  t.throws(() => verifyRecord(key, signed, [dc1.root], true), { code: 'RECORD_UNSIGNED' });
  t.throws(() => verifyRecord(key, { cluster: 'dc1' }, [dc1.root], true), {
    code: 'RECORD_UNSIGNED',
  });
});
