/** Specifies trust bundles in the SPIFFE format: what is read, what is passed over, and what is refused. */
import test from 'ava';
import { type Bundle, bundleFingerprint, encodeBundle, parseBundle } from '../../certs/bundle.ts';
import { parseTrustDomain } from '../../certs/spiffe-id.ts';
import { forge } from './forge.ts';

const dc1 = parseTrustDomain('dc1.acme');
const rootOne = forge({ name: 'one', ca: true }).certificate;
const rootTwo = forge({ name: 'two', ca: true }).certificate;
const leaf = forge({ name: 'leaf', uris: ['spiffe://dc1.acme/gateway/g1'] }).certificate;

function bundleOf(...roots: Bundle['roots']): Bundle {
  return { trustDomain: dc1, sequence: 7, refreshHintSeconds: 60, roots };
}

/** A bundle's JSON as another would read it. */
function jsonOf(bundle: Bundle) {
  return JSON.parse(JSON.stringify(encodeBundle(bundle))) as { keys: Record<string, unknown>[] };
}

test('a bundle survives the journey through JSON', (t) => {
  const parsed = parseBundle(jsonOf(bundleOf(rootOne, rootTwo)), dc1);
  t.is(parsed.trustDomain, dc1);
  t.is(parsed.sequence, 7);
  t.is(parsed.refreshHintSeconds, 60);
  t.deepEqual(
    parsed.roots.map((root) => root.fingerprint256),
    [rootOne.fingerprint256, rootTwo.fingerprint256],
  );
});

test('a bundle is a JWK Set that others can read', (t) => {
  const { keys, ...rest } = jsonOf(bundleOf(rootOne));
  const { x, y, x5c, ...key } = keys[0] ?? {};
  t.deepEqual(key, { kty: 'EC', crv: 'P-256', use: 'x509-svid' });
  t.deepEqual(x5c, [rootOne.raw.toString('base64')]);
  t.deepEqual([typeof x, typeof y], ['string', 'string']);
  t.deepEqual(rest, { spiffe_sequence: 7, spiffe_refresh_hint: 60 } as object);
});

test('no keys are a bundle that revokes all', (t) => {
  t.deepEqual(parseBundle({ keys: [] }, dc1), {
    trustDomain: dc1,
    sequence: 0,
    refreshHintSeconds: 300,
    roots: [],
  });
});

test('keys for other uses and fields from the future are passed over', (t) => {
  const { keys } = jsonOf(bundleOf(rootOne));
  const json = { keys: [{ use: 'jwt-svid' }, { kty: 'EC' }, ...keys], spiffe_future: true };
  t.is(parseBundle(json, dc1).roots.length, 1);
});

test('keys of a type from the future are passed over, whatever else is in them', (t) => {
  const { keys } = jsonOf(bundleOf(rootOne));
  const future = { use: 'x509-svid', kty: 'AKP', alg: 'ML-DSA-65', x5c: ['?', '?'] };
  t.is(parseBundle({ keys: [future, ...keys] }, dc1).roots.length, 1);
});

test('a sequence may have 64 bits', (t) => {
  const text = '{ "keys": [], "spiffe_sequence": 18446744073709551615 }';
  t.true(parseBundle(JSON.parse(text), dc1).sequence > Number.MAX_SAFE_INTEGER);
});

test('a root that is there twice counts once', (t) => {
  t.is(parseBundle(jsonOf(bundleOf(rootOne, rootOne)), dc1).roots.length, 1);
});

const [key] = jsonOf(bundleOf(rootOne)).keys;
const invalid: readonly (readonly [defect: string, json: unknown])[] = [
  ['nothing', undefined],
  ['null', null],
  ['a text', 'keys'],
  ['a list', []],
  ['missing keys', { spiffe_sequence: 1 }],
  ['keys that are not a list', { keys: {} }],
  ['a key that is not an object', { keys: ['x'] }],
  ['65 keys', { keys: Array(65).fill({}) }],
  ['a negative sequence', { keys: [], spiffe_sequence: -1 }],
  ['a fractional sequence', { keys: [], spiffe_sequence: 1.5 }],
  ['a refresh hint in words', { keys: [], spiffe_refresh_hint: 'soon' }],
  ['a key without kty', { keys: [{ ...key, kty: undefined }] }],
  ['a key without x5c', { keys: [{ ...key, x5c: undefined }] }],
  ['an empty x5c', { keys: [{ ...key, x5c: [] }] }],
  [
    'an x5c of two',
    { keys: [{ ...key, x5c: [rootOne, rootTwo].map((r) => r.raw.toString('base64')) }] },
  ],
  ['an x5c that is not base64', { keys: [{ ...key, x5c: ['***'] }] }],
  [
    'an x5c that is PEM',
    { keys: [{ ...key, x5c: [Buffer.from(rootOne.toString()).toString('base64')] }] },
  ],
  [
    'an x5c with more behind it',
    {
      keys: [{ ...key, x5c: [Buffer.concat([rootOne.raw, Buffer.from('x')]).toString('base64')] }],
    },
  ],
  ['an x5c of another key', { keys: [{ ...key, x5c: [rootTwo.raw.toString('base64')] }] }],
  ['a leaf for a root', jsonOf(bundleOf(leaf))],
];

for (const [defect, json] of invalid) {
  test(`${defect} is refused as a bundle`, (t) => {
    t.throws(() => parseBundle(json, dc1), { code: 'BUNDLE_INVALID' });
  });
}

test("a bundle's fingerprint depends on its roots, not on their order", (t) => {
  const fingerprint = bundleFingerprint(bundleOf(rootOne, rootTwo));
  t.is(bundleFingerprint({ ...bundleOf(rootTwo, rootOne), sequence: 9 }), fingerprint);
  t.not(bundleFingerprint(bundleOf(rootOne)), fingerprint);
  t.not(bundleFingerprint(bundleOf()), bundleFingerprint(bundleOf(rootOne)));
  t.is(Buffer.from(fingerprint, 'base64url').length, 32);
});
