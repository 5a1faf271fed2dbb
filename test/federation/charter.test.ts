/** Specifies whose word counts for the whole federation: the founder's, and that of the clusters it names, whatever stands in the registry. */
import test, { type ExecutionContext } from 'ava';
import { encodeBundle } from '../../certs/bundle.ts';
import { TrustStore } from '../../certs/trust-store.ts';
import { systemClock } from '../../core/clock.ts';
import type { IsthmusError } from '../../core/errors.ts';
import {
  type Charter,
  type CharterRecord,
  considerCharter,
  keptCharter,
  mayWritePolicies,
  readCharter,
  writersOf,
} from '../../federation/charter.ts';
import { join } from '../../federation/join.ts';
import { leave } from '../../federation/leave.ts';
import { isJoined, MembershipFile } from '../../federation/member.ts';
import { admissionBytes, handOverBytes } from '../../federation/statements.ts';
import { policyGrantsKey } from '../../registry/policy-keys.ts';
import { signRecord } from '../../registry/signing.ts';
import {
  acme,
  type Cluster,
  cluster,
  founder,
  joining,
  keyOf,
  look,
  tokenOf,
  trustOf,
} from './fixtures.ts';

const key = policyGrantsKey(acme);

function foundedBy({ name, authority }: Cluster): Charter {
  return { founder: name, bundle: authority.bundle() };
}

/** What a founder says, as it signs it. */
function word(
  by: Cluster,
  sequence: number,
  granted: readonly Cluster[],
  handed?: CharterRecord['handed'],
) {
  const grants = granted.map(({ name }) => ({ cluster: name, by: 'ada', at: 1 }));
  const record = { cluster: by.name, sequence, grants, ...(handed && { handed }) };
  return signRecord(key, record, by.authority);
}

type HandOver = NonNullable<CharterRecord['handed']>[number];

function handOver(from: Cluster, to: Cluster, sequence: number): HandOver {
  const statement = {
    ...{ federation: acme, from: from.name, to: to.name, sequence, at: 1 },
    bundle: encodeBundle(to.authority.bundle()),
  };
  const { federation: _, ...said } = statement;
  return { ...said, signature: from.authority.sign(handOverBytes(statement)) };
}

function refusal(t: ExecutionContext, known: Charter, raw: object): IsthmusError['code'] {
  const error = t.throws(() => considerCharter(acme, known, key, raw)) as IsthmusError;
  t.is(error.where, key);
  return error.code;
}

test('the founder may write policies of the federation, and who it names', async (t) => {
  const [dc1, dc2, dc3] = [
    await cluster(t, 'dc1'),
    await cluster(t, 'dc2'),
    await cluster(t, 'dc3'),
  ];
  const known = foundedBy(dc1);
  t.true(mayWritePolicies(known, dc1.name));
  t.false(mayWritePolicies(known, dc2.name));
  const granted = considerCharter(acme, known, key, word(dc1, 1, [dc2]));
  t.deepEqual(writersOf(granted), [dc1.name, dc2.name]);
  t.false(mayWritePolicies(granted, dc3.name));
  const revoked = considerCharter(acme, granted, key, word(dc1, 2, []));
  t.deepEqual(writersOf(revoked), [dc1.name]);
  t.deepEqual(readCharter(acme, JSON.parse(JSON.stringify(keptCharter(granted)))), granted);
});

test("security: nobody but the founder says who may write the federation's policies", async (t) => {
  const [dc1, dc2] = [await cluster(t, 'dc1'), await cluster(t, 'dc2')];
  const impostor = await cluster(t, 'dc1');
  const good = word(dc1, 3, [dc2]);
  const known = considerCharter(acme, foundedBy(dc1), key, good);
  t.is(considerCharter(acme, known, key, good), known);
  for (const [what, raw, code] of [
    ['unsigned', { ...word(dc1, 4, []), signature: undefined }, 'RECORD_UNSIGNED'],
    ['altered', { ...word(dc1, 4, []), grants: good.grants }, 'RECORD_UNSIGNED'],
    ['by a cluster that was granted', word(dc2, 4, [dc2]), 'RECORD_FOREIGN'],
    [
      "in the founder's name, by another",
      { ...word(dc2, 4, [dc2]), cluster: 'dc1' },
      'RECORD_UNSIGNED',
    ],
    ['by a cluster that is called like the founder', word(impostor, 4, [dc2]), 'RECORD_UNSIGNED'],
    [
      'signed for another key',
      signRecord('else', { ...good, sequence: 4 }, dc1.authority),
      'RECORD_UNSIGNED',
    ],
    ['of before, brought back', word(dc1, 2, []), 'RECORD_STALE'],
    ['another of the same number', word(dc1, 3, []), 'RECORD_STALE'],
    ['no record', { cluster: 'dc1' }, 'RECORD_INVALID'],
  ] as const) {
    t.is(refusal(t, known, raw), code, what);
  }
});

test('the founder hands over, and from then on the other is; who missed that follows', async (t) => {
  const [dc1, dc2, dc3] = [
    await cluster(t, 'dc1'),
    await cluster(t, 'dc2'),
    await cluster(t, 'dc3'),
  ];
  const early = foundedBy(dc1);
  const first = handOver(dc1, dc2, 2);
  const handed = considerCharter(acme, early, key, word(dc1, 2, [dc3], [first]));
  t.is(handed.founder, dc2.name);
  t.deepEqual(writersOf(handed), [dc2.name, dc3.name]);
  t.is(refusal(t, handed, word(dc1, 3, [dc1], [first])), 'RECORD_FOREIGN');
  const second = handOver(dc2, dc3, 4);
  for (const known of [early, handed]) {
    t.is(considerCharter(acme, known, key, word(dc2, 3, [dc1], [first])).founder, dc2.name);
    const last = considerCharter(acme, known, key, word(dc2, 4, [], [first, second]));
    t.is(last.founder, dc3.name);
    t.is(considerCharter(acme, known, key, word(dc3, 5, [], [first, second])).founder, dc3.name);
  }
});

test('security: nobody makes another cluster the founder but the founder', async (t) => {
  const [dc1, dc2, dc3] = [
    await cluster(t, 'dc1'),
    await cluster(t, 'dc2'),
    await cluster(t, 'dc3'),
  ];
  const known = foundedBy(dc1);
  const good = handOver(dc1, dc2, 2);
  for (const [what, raw, code] of [
    ['by the one that would be it', word(dc2, 2, [], [handOver(dc2, dc2, 2)]), 'RECORD_UNSIGNED'],
    [
      'in its name',
      word(dc2, 3, [], [{ ...handOver(dc3, dc2, 2), from: dc1.name }]),
      'RECORD_UNSIGNED',
    ],
    ['to another than was named', word(dc3, 3, [], [{ ...good, to: dc3.name }]), 'RECORD_UNSIGNED'],
    [
      'with other roots',
      word(dc2, 3, [], [{ ...good, bundle: handOver(dc1, dc3, 2).bundle }]),
      'RECORD_UNSIGNED',
    ],
    ['at another time', word(dc2, 4, [], [{ ...good, sequence: 3 }]), 'RECORD_UNSIGNED'],
    ['before it is said', word(dc2, 2, [], [good]), 'RECORD_FOREIGN'],
    ['out of order', word(dc2, 3, [], [good, { ...good, sequence: 1 }]), 'RECORD_INVALID'],
  ] as const) {
    t.is(refusal(t, known, raw), code, what);
  }
  // It was handed over and back: what was signed then can't be used again.
  const there = considerCharter(acme, known, key, word(dc1, 2, [], [good]));
  const back = considerCharter(acme, there, key, word(dc2, 3, [], [good, handOver(dc2, dc1, 3)]));
  t.is(back.founder, dc1.name);
  t.is(refusal(t, back, word(dc1, 2, [], [good])), 'RECORD_STALE');
});

test('who joins is told who the founder is, and what it granted, and knows it from its disk afterwards', async (t) => {
  const dc1 = await founder(t);
  const dc2 = await cluster(t, 'dc2');
  const dc3 = await cluster(t, 'dc3');
  dc1.trust.considerCharter(key, word(dc1, 1, [dc3]));
  t.true(dc1.trust.isFounder);
  await join(await tokenOf(dc1), joining(dc2));
  const trust = trustOf({ ...dc2, file: await MembershipFile.open(dc2.dataDir) }, new TrustStore());
  t.false(trust.isFounder);
  t.deepEqual(trust.charter && writersOf(trust.charter), [dc1.name, dc3.name]);
  t.throws(() => trust.considerCharter(key, word(dc2, 2, [dc2])), { code: 'RECORD_FOREIGN' });
  trust.considerCharter(key, word(dc1, 2, [dc2]));
  await trust.persisted();
  const again = trustOf({ ...dc2, file: await MembershipFile.open(dc2.dataDir) }, new TrustStore());
  t.deepEqual(again.charter && writersOf(again.charter), [dc1.name, dc2.name]);
  t.throws(() => again.considerCharter(key, word(dc1, 1, [dc3])), { code: 'RECORD_STALE' });
});

test('a member from before there were grants knows the founder as the one that nobody had admitted', async (t) => {
  const dc1 = await founder(t);
  const [dc2, dc3] = [await cluster(t, 'dc2'), await cluster(t, 'dc3')];
  await join(await tokenOf(dc1), joining(dc2));
  await look(dc1, dc2.name);
  await join(await tokenOf(dc1), joining(dc3));
  const { charter: _, ...old } = dc3.file.joined();
  await dc3.file.set(old);
  t.is(trustOf(dc3, new TrustStore()).charter?.founder, dc1.name);
  const pins = Object.entries(old.pins).map(([name, pin]) => [name, { ...pin, admittedAt: 0 }]);
  await dc3.file.set({ ...old, pins: Object.fromEntries(pins) });
  const unsure = trustOf(dc3, new TrustStore());
  t.is(unsure.charter, undefined);
  t.throws(() => unsure.considerCharter(key, word(dc1, 1, [])), { code: 'FOUNDER_UNKNOWN' });
});

test('security: a cluster that is admitted by the name of the founder that left is not the founder', async (t) => {
  const dc1 = await founder(t);
  const dc2 = await cluster(t, 'dc2');
  await join(await tokenOf(dc1), joining(dc2));
  t.true(isJoined(dc2.file.state));
  const trust = trustOf(dc2, new TrustStore());
  await leave({
    ...{ store: dc1.store, federation: acme, cluster: dc1.name, by: dc1.name },
    ...{ signer: dc1.authority, clock: systemClock },
  });
  trust.retain({
    clusters: new Map([[dc2.name, { cluster: dc2.name, record: dc2.self, gateways: new Map() }]]),
  });
  t.is(trust.charter?.founder, dc1.name);
  trust.considerCharter(key, word(dc1, 1, [dc2]));

  const impostor = await cluster(t, 'dc1');
  const bundle = {
    cluster: impostor.name,
    bundle: encodeBundle({
      ...impostor.authority.bundle(),
      // The roots of the founder are known to all.
      roots: [...impostor.authority.bundle().roots, ...dc1.authority.bundle().roots],
      sequence: 9e9,
    }),
  };
  const at = Date.now() + 1000;
  const fingerprint = impostor.authority.keyId;
  const statement = { federation: acme, cluster: dc1.name, fingerprint, by: dc2.name, at };
  const signature = dc2.authority.sign(admissionBytes(statement));
  const bundleKey = keyOf('bundles', dc1.name);
  const signed = signRecord(bundleKey, bundle, impostor.authority);
  const admitted = { ...signed, admission: { by: dc2.name, fingerprint, at, signature } };
  trust.verify({ kind: 'bundles', cluster: dc1.name }, bundleKey, admitted);
  t.true(trust.clusters.has(dc1.name));
  t.throws(() => trust.considerCharter(key, word(impostor, 2, [impostor])), {
    code: 'RECORD_UNSIGNED',
  });
  trust.considerCharter(key, word(dc1, 2, []));
});
