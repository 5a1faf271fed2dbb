/** Specifies which bundles found in the registry are believed. */
import test from 'ava';
import type { Authority } from '../../certs/authority.ts';
import { encodeBundle } from '../../certs/bundle.ts';
import type { IsthmusError } from '../../core/errors.ts';
import type { Beliefs, BelievedBundle } from '../../federation/beliefs.ts';
import { considerBundle } from '../../federation/consider.ts';
import { admissionBytes, replacementBytes } from '../../federation/statements.ts';
import { signRecord } from '../../registry/signing.ts';
import { acme, type Cluster, cluster, keyOf } from './fixtures.ts';

const now = 1_000;

/** A bundle record of `of` with `roots`, signed by `by`. */
function record(
  of: Cluster,
  by: Authority = of.authority,
  more: { roots?: Authority[]; sequence?: number; admission?: object } = {},
) {
  const bundle = {
    ...of.authority.bundle(),
    roots: (more.roots ?? [of.authority]).map(({ root }) => root),
    ...(more.sequence !== undefined && { sequence: more.sequence }),
  };
  const json = { cluster: of.name, bundle: encodeBundle(bundle) };
  const signed = signRecord(keyOf('bundles', of.name), json, by);
  return { ...signed, ...(more.admission && { admission: more.admission }) };
}

/** `by` vouches for the root of `of`, and signed that it takes the place of another. */
function replacement(of: Cluster, by: Cluster, more: { at?: number; signer?: Authority } = {}) {
  const given = admission(of, by, { at: more.at ?? now + 1 });
  const { fingerprint, at } = given;
  const statement = { federation: acme, cluster: of.name, fingerprint, by: by.name, at };
  const signer = more.signer ?? by.authority;
  return { ...given, replaces: signer.sign(replacementBytes(statement)) };
}

/** `by` vouches for the root of `of`. */
function admission(
  of: Cluster,
  by: Cluster,
  more: { at?: number; signer?: Authority; root?: Authority; as?: string } = {},
) {
  const fingerprint = (more.root ?? of.authority).keyId;
  const at = more.at ?? now;
  const statement = { federation: acme, cluster: more.as ?? of.name, fingerprint, by: by.name, at };
  const signature = (more.signer ?? by.authority).sign(admissionBytes(statement));
  return { by: by.name, fingerprint, at, signature };
}

function beliefs(believed: Cluster[], departed: [Cluster, number][] = []): Beliefs {
  return {
    federation: acme,
    bundles: new Map(
      believed.map(({ name, authority }): [typeof name, BelievedBundle] => [
        name,
        { bundle: authority.bundle(), admittedAt: 0 },
      ]),
    ),
    departed: new Map(departed.map(([{ name }, at]) => [name, at])),
  };
}

interface Cast {
  readonly dc1: Cluster;
  readonly dc2: Cluster;
  readonly dc3: Cluster;
  /** Another authority that calls itself dc2. */
  readonly evil: Cluster;
}

type Case = readonly [
  situation: string,
  given: (cast: Cast) => { beliefs: Beliefs; raw: unknown },
  expected: 'accept' | 'unchanged' | IsthmusError['code'],
];

const cases: readonly Case[] = [
  [
    'a newcomer a believed member vouches for',
    ({ dc1, dc2 }) => ({
      beliefs: beliefs([dc1]),
      raw: record(dc2, dc2.authority, { admission: admission(dc2, dc1) }),
    }),
    'accept',
  ],
  [
    'a newcomer nobody vouches for',
    ({ dc1, dc2 }) => ({ beliefs: beliefs([dc1]), raw: record(dc2) }),
    'CERT_UNTRUSTED',
  ],
  [
    'a newcomer somebody unknown vouches for',
    ({ dc1, dc2, dc3 }) => ({
      beliefs: beliefs([dc1]),
      raw: record(dc2, dc2.authority, { admission: admission(dc2, dc3) }),
    }),
    'CERT_UNTRUSTED',
  ],
  [
    'a newcomer that vouches for itself',
    ({ dc1, dc2 }) => ({
      beliefs: beliefs([dc1]),
      raw: record(dc2, dc2.authority, { admission: admission(dc2, dc2) }),
    }),
    'CERT_UNTRUSTED',
  ],
  [
    'an admission in the name of a member that did not sign it',
    ({ dc1, dc2, evil }) => ({
      beliefs: beliefs([dc1]),
      raw: record(dc2, dc2.authority, {
        admission: admission(dc2, dc1, { signer: evil.authority }),
      }),
    }),
    'RECORD_UNSIGNED',
  ],
  [
    "another cluster's admission",
    ({ dc1, dc2 }) => ({
      beliefs: beliefs([dc1]),
      raw: record(dc2, dc2.authority, { admission: admission(dc2, dc1, { as: 'dc3' }) }),
    }),
    'RECORD_UNSIGNED',
  ],
  [
    'an admitted root beside another that signed the record',
    ({ dc1, dc2, evil }) => ({
      beliefs: beliefs([dc1]),
      raw: record(dc2, evil.authority, {
        roots: [dc2.authority, evil.authority],
        admission: admission(dc2, dc1),
      }),
    }),
    'RECORD_UNSIGNED',
  ],
  [
    'a bundle without the admitted root',
    ({ dc1, dc2, evil }) => ({
      beliefs: beliefs([dc1]),
      raw: record(dc2, evil.authority, { roots: [evil.authority], admission: admission(dc2, dc1) }),
    }),
    'RECORD_UNSIGNED',
  ],
  [
    'a record from before the cluster left',
    ({ dc1, dc2 }) => ({
      beliefs: beliefs([dc1], [[dc2, now]]),
      raw: record(dc2, dc2.authority, { admission: admission(dc2, dc1) }),
    }),
    'RECORD_STALE',
  ],
  [
    'a cluster that left and was admitted again',
    ({ dc1, dc2 }) => ({
      beliefs: beliefs([dc1], [[dc2, now]]),
      raw: record(dc2, dc2.authority, { admission: admission(dc2, dc1, { at: now + 1 }) }),
    }),
    'accept',
  ],
  [
    'the same bundle again',
    ({ dc1, dc2 }) => ({ beliefs: beliefs([dc1, dc2]), raw: record(dc2) }),
    'unchanged',
  ],
  [
    'an update its own believed root signed',
    ({ dc1, dc2, evil }) => ({
      beliefs: beliefs([dc1, dc2]),
      raw: record(dc2, dc2.authority, { roots: [dc2.authority, evil.authority], sequence: 9e9 }),
    }),
    'accept',
  ],
  [
    'an update that takes back every root',
    ({ dc1, dc2 }) => ({
      beliefs: beliefs([dc1, dc2]),
      raw: record(dc2, dc2.authority, { roots: [], sequence: 9e9 }),
    }),
    'accept',
  ],
  [
    'an update its new root signed',
    ({ dc1, dc2, evil }) => ({
      beliefs: beliefs([dc1, dc2]),
      raw: record(dc2, evil.authority, { roots: [dc2.authority, evil.authority], sequence: 9e9 }),
    }),
    'RECORD_UNSIGNED',
  ],
  [
    'an update nobody signed',
    ({ dc1, dc2 }) => ({
      beliefs: beliefs([dc1, dc2]),
      raw: { ...record(dc2), signature: undefined },
    }),
    'RECORD_UNSIGNED',
  ],
  [
    'an update that goes back in sequence',
    ({ dc1, dc2, evil }) => ({
      beliefs: beliefs([dc1, dc2]),
      raw: record(dc2, dc2.authority, { roots: [dc2.authority, evil.authority], sequence: 1 }),
    }),
    'BUNDLE_INVALID',
  ],
  [
    'another root for a believed cluster, which a member vouches for',
    ({ dc1, dc2, evil }) => ({
      beliefs: beliefs([dc1, dc2]),
      raw: record(evil, evil.authority, { admission: admission(evil, dc1, { at: now + 1 }) }),
    }),
    'RECORD_UNSIGNED',
  ],
  [
    'another root for a believed cluster, whose place a member signed that it takes',
    ({ dc1, dc2, evil }) => ({
      beliefs: beliefs([dc1, dc2]),
      raw: record(evil, evil.authority, { admission: replacement(evil, dc1) }),
    }),
    'accept',
  ],
  [
    'the same, signed before the believed one was admitted',
    ({ dc1, dc2, evil }) => ({
      beliefs: beliefs([dc1, dc2]),
      raw: record(evil, evil.authority, { admission: replacement(evil, dc1, { at: 0 }) }),
    }),
    'RECORD_UNSIGNED',
  ],
  [
    'the same, where the member signed the admission alone',
    ({ dc1, dc2, evil }) => ({
      beliefs: beliefs([dc1, dc2]),
      raw: record(evil, evil.authority, {
        admission: replacement(evil, dc1, { signer: evil.authority }),
      }),
    }),
    'RECORD_UNSIGNED',
  ],
  [
    'the same, by the word of the very cluster',
    ({ dc1, dc2, evil }) => ({
      beliefs: beliefs([dc1, dc2]),
      raw: record(evil, evil.authority, { admission: replacement(evil, dc2) }),
    }),
    'RECORD_UNSIGNED',
  ],
  [
    'the same, by somebody unknown',
    ({ dc1, dc2, dc3, evil }) => ({
      beliefs: beliefs([dc1, dc2]),
      raw: record(evil, evil.authority, { admission: replacement(evil, dc3) }),
    }),
    'RECORD_UNSIGNED',
  ],
  [
    'the same, with a record that another root signed than the admitted one',
    ({ dc1, dc2, dc3, evil }) => ({
      beliefs: beliefs([dc1, dc2]),
      raw: record(evil, dc3.authority, { admission: replacement(evil, dc1) }),
    }),
    'RECORD_UNSIGNED',
  ],
  [
    "another cluster's record under this key",
    ({ dc1, dc2 }) => ({ beliefs: beliefs([dc1, dc2]), raw: record(dc1) }),
    'RECORD_FOREIGN',
  ],
  [
    'a bundle without keys',
    ({ dc1, dc2 }) => ({ beliefs: beliefs([dc1, dc2]), raw: { cluster: 'dc2', bundle: {} } }),
    'BUNDLE_INVALID',
  ],
  ['no record at all', ({ dc1 }) => ({ beliefs: beliefs([dc1]), raw: null }), 'RECORD_INVALID'],
];

for (const [situation, given, expected] of cases) {
  test(`${situation}: ${expected}`, async (t) => {
    const [dc1, dc2, dc3, evil] = await Promise.all(
      ['dc1', 'dc2', 'dc3', 'dc2'].map((name) => cluster(t, name)),
    );
    if (!dc1 || !dc2 || !dc3 || !evil) return t.fail();
    const { beliefs, raw } = given({ dc1, dc2, dc3, evil });
    const decision = considerBundle(beliefs, dc2.name, JSON.parse(JSON.stringify(raw)));
    t.is(decision.kind === 'refuse' ? decision.problem.code : decision.kind, expected);
  });
}

/** A bundle record as its cluster writes it after changes of its root. */
function recordNow({ name, authority }: Cluster, more: object = {}) {
  const { chain } = authority.state;
  const json = { cluster: name, bundle: encodeBundle(authority.bundle()), chain, ...more };
  return signRecord(keyOf('bundles', name), json, authority);
}

async function change({ authority }: Cluster): Promise<void> {
  await authority.publish();
  await authority.signNext();
  await authority.retire();
}

function kindOf(decision: ReturnType<typeof considerBundle>): string {
  return decision.kind === 'refuse' ? decision.problem.code : decision.kind;
}

test('a member that was offline through changes of a root, and through the join of another cluster, believes both by a chain', async (t) => {
  const [dc1, dc2] = [await cluster(t, 'dc1'), await cluster(t, 'dc2')];
  const before = beliefs([dc1]);
  const early = admission(dc2, dc1);
  await change(dc1);
  await change(dc1);
  const decision = considerBundle(before, dc1.name, recordNow(dc1));
  t.is(decision.kind, 'accept');
  if (decision.kind !== 'accept') return;
  t.deepEqual(decision.believed.bundle.sequence, dc1.authority.bundle().sequence);

  const after: Beliefs = { ...before, bundles: new Map([[dc1.name, decision.believed]]) };
  const late = { ...recordNow(dc2), admission: admission(dc2, dc1) };
  t.is(kindOf(considerBundle(after, dc2.name, late)), 'accept', 'admitted by the new root');

  await change(dc2);
  const changed = { ...recordNow(dc2), admission: late.admission };
  t.is(kindOf(considerBundle(after, dc2.name, changed)), 'accept', 'it changed its own since');
  const stolen = { ...changed, chain: changed.chain.slice(1) };
  t.not(kindOf(considerBundle(after, dc2.name, stolen)), 'accept');

  const old = { ...recordNow(dc2), admission: early };
  t.is(kindOf(considerBundle(after, dc2.name, old)), 'RECORD_UNSIGNED', 'by a root that is gone');
  const fingerprints = [dc2.authority.keyId];
  const vouched = { [dc2.name]: { fingerprints, at: early.at } };
  const anew = considerBundle(before, dc1.name, recordNow(dc1, { vouched }));
  if (anew.kind !== 'accept') return t.fail(kindOf(anew));
  const told: Beliefs = { ...before, bundles: new Map([[dc1.name, anew.believed]]) };
  t.is(kindOf(considerBundle(told, dc2.name, old)), 'accept', 'dc1 vouches for it anew');
});

test('no chain leads to roots of somebody who writes to the registry', async (t) => {
  const [dc1, evil] = [await cluster(t, 'dc1'), await cluster(t, 'dc1')];
  const before = beliefs([dc1]);
  await change(dc1);
  await change(evil);
  const forged = recordNow(evil, { chain: dc1.authority.state.chain });
  t.is(kindOf(considerBundle(before, dc1.name, forged)), 'BUNDLE_INVALID');
  t.is(kindOf(considerBundle(before, dc1.name, recordNow(evil))), 'BUNDLE_INVALID');
});
