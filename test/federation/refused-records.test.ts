/** Specifies what becomes of records that are forged, altered, of another cluster, too long or not to be read: of each kind that makes up the snapshot. */
import test, { type ExecutionContext } from 'ava';
import type { Authority } from '../../certs/authority.ts';
import { encodeBundle } from '../../certs/bundle.ts';
import { TrustStore } from '../../certs/trust-store.ts';
import type { ErrorCode } from '../../core/errors.ts';
import { parseServiceName } from '../../core/names.ts';
import { join } from '../../federation/join.ts';
import { encodeKey, type RegistryKey } from '../../registry/keys.ts';
import { sealRecord, signRecord } from '../../registry/signing.ts';
import { SnapshotBuilder } from '../../registry/snapshot-builder.ts';
import { acme, type Cluster, cluster, founder, joining, tokenOf, trustOf } from './fixtures.ts';

const service = parseServiceName('cart.shop');
const isSealed = (key: RegistryKey) => key.kind === 'endpoints';

/** A record of each kind, as `of` would write it, but for who proves it. */
function recordsOf({ name, self, authority }: Cluster): readonly [RegistryKey, object][] {
  const by = { cluster: name };
  const place = { region: 'eu', zone: 'a' };
  return [
    [
      { kind: 'bundles', ...by },
      { ...by, bundle: encodeBundle(authority.bundle()) },
    ],
    [{ kind: 'clusters', ...by }, self],
    [
      { kind: 'gateways', ...by, id: 'g1' },
      { ...by, id: 'g1', zone: 'a', version: '1', startedAt: 1, rttMs: {}, links: {} },
    ],
    [
      { kind: 'synced', ...by },
      { ...by, gateway: 'g1', at: 1 },
    ],
    [
      { kind: 'exports', ...by, service },
      {
        ...{ ...by, service, protocol: 'http', updatedAt: 1 },
        localities: [{ ...place, total: 1, healthy: 1, degraded: 0 }],
      },
    ],
    [
      { kind: 'endpoints', ...by, service, id: 'one' },
      {
        ...{ ...by, ...place, service, id: 'one', address: '10.0.0.1', port: 80, weight: 1 },
        ...{ labels: {}, protocol: 'http', health: 'healthy', exported: true, gateway: 'g1' },
      },
    ],
  ];
}

function proven(key: RegistryKey, record: object, by: Authority): object {
  const text = encodeKey(acme, key);
  return isSealed(key) ? sealRecord(text, record, by) : signRecord(text, record, by);
}

interface Spoiled {
  readonly key: RegistryKey;
  readonly record: object;
  readonly own: Authority;
  readonly other: Cluster;
}

/** Ways in which a record is bad, and the code by which it is refused. */
const spoils: Readonly<Record<string, readonly [(good: Spoiled) => string, ErrorCode]>> = {
  forged: [
    ({ key, record, other }) => JSON.stringify(proven(key, record, other.authority)),
    'RECORD_UNSIGNED',
  ],
  altered: [
    ({ key, record, own }) =>
      JSON.stringify({ ...proven(key, record, own), more: 'than was signed' }),
    'RECORD_UNSIGNED',
  ],
  "another cluster's": [
    ({ key, record, other }) =>
      JSON.stringify(proven(key, { ...record, cluster: other.name }, other.authority)),
    'RECORD_FOREIGN',
  ],
  'too long': [
    ({ key, record, own }) =>
      JSON.stringify(proven(key, { ...record, more: 'x'.repeat(1024 * 1024) }, own)),
    'RECORD_INVALID',
  ],
  'not to be read': [() => '{"cluster":', 'RECORD_INVALID'],
};

/** dc1's gateway as it reads the records of dc2, and, for endpoints, of itself. */
async function reading(t: ExecutionContext) {
  const dc1 = await founder(t);
  const [dc2, other] = [await cluster(t, 'dc2'), await cluster(t, 'dc3')];
  await join(await tokenOf(dc1), joining(dc2));
  const trust = trustOf(dc2, new TrustStore());
  const builder = new SnapshotBuilder({
    federation: acme,
    verify: (key, text, raw) => trust.verify(key, text, raw),
  });
  return { dc1, dc2, other, builder };
}

test('security: a record with any defect is refused, counted once and named, and what was there stays in force', async (t) => {
  const { dc1, dc2, other, builder } = await reading(t);
  let revision = 0;
  const take = (key: RegistryKey, value: string) =>
    builder.apply([{ key: encodeKey(acme, key), value }], ++revision);
  // A cluster reads the endpoints of no other.
  const records = [
    ...recordsOf(dc1).filter(([key]) => !isSealed(key)),
    ...recordsOf(dc2).filter(([key]) => isSealed(key)),
  ];
  const ownerOf = (key: RegistryKey) => (isSealed(key) ? dc2 : dc1).authority;
  const good = new Map(
    records.map(([key, record]) => [key, JSON.stringify(proven(key, record, ownerOf(key)))]),
  );
  for (const [key, value] of good) take(key, value);
  t.deepEqual([...builder.problems.keys()], []);
  const before = [...builder.records()];
  t.is(before.length, records.length);

  for (const [key, record] of records) {
    const [text, own] = [encodeKey(acme, key), ownerOf(key)];
    for (const [defect, [spoil, code]] of Object.entries(spoils)) {
      const situation = `${defect}: ${key.kind}`;
      const counted = () =>
        builder.refusals.find((one) => one.kind === key.kind && one.code === code)?.count ?? 0;
      const count = counted();
      const value = spoil({ key, record, own, other });
      take(key, value);
      take(key, value);
      builder.reconsider();
      t.is(builder.problems.get(text)?.code, code, situation);
      t.is(builder.problems.get(text)?.where, text, situation);
      t.is(counted(), count + 1, situation);
      t.deepEqual([...builder.records()], before, situation);
    }
    take(key, good.get(key) ?? '');
    t.false(builder.problems.has(text));
  }
});

test('security: a departure with any defect takes nobody out', async (t) => {
  const { dc1, other, builder } = await reading(t);
  const records = recordsOf(dc1).filter(([{ kind }]) => kind === 'clusters' || kind === 'bundles');
  for (const [key, record] of records) {
    const value = JSON.stringify(proven(key, record, dc1.authority));
    builder.apply([{ key: encodeKey(acme, key), value }], 1);
  }
  const key: RegistryKey = { kind: 'departures', cluster: dc1.name };
  const record = { cluster: dc1.name, by: dc1.name, at: 1 };
  for (const [defect, [spoil, code]] of Object.entries(spoils)) {
    const value = spoil({ key, record, own: dc1.authority, other });
    builder.apply([{ key: encodeKey(acme, key), value }], 2);
    t.is(builder.problems.get(encodeKey(acme, key))?.code, code, defect);
    t.is(builder.departure(dc1.name), undefined, defect);
    t.truthy(builder.snapshot.clusters.get(dc1.name)?.record, defect);
  }
});
