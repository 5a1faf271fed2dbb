/** Specifies whom a cluster believes, whatever stands in the registry. */
import test from 'ava';
import { encodeBundle } from '../../certs/bundle.ts';
import { TrustStore } from '../../certs/trust-store.ts';
import { systemClock } from '../../core/clock.ts';
import { join } from '../../federation/join.ts';
import { leave } from '../../federation/leave.ts';
import { MembershipFile } from '../../federation/member.ts';
import { signRecord } from '../../registry/signing.ts';
import type { ClusterView } from '../../registry/snapshot.ts';
import {
  acme,
  believes,
  type Cluster,
  cluster,
  founder,
  type Host,
  joining,
  keyOf,
  look,
  refused,
  tokenOf,
  trustOf,
} from './fixtures.ts';

/** dc1, and dc2 that has joined it and is believed by it. */
async function pair(t: Parameters<typeof founder>[0]) {
  const dc1 = await founder(t);
  const dc2 = await cluster(t, 'dc2');
  await join(await tokenOf(dc1), joining(dc2));
  await look(dc1, dc2.name);
  return { dc1, dc2 };
}

function view({ name, self }: Cluster): [typeof name, ClusterView] {
  return [name, { cluster: name, record: self, gateways: new Map() }];
}

async function overwrite({ store }: Host, key: string, record: object): Promise<void> {
  await store.txn([], [{ op: 'put', key, value: JSON.stringify(record) }]);
}

test("a forged bundle record in the registry doesn't redirect trust", async (t) => {
  const { dc1, dc2 } = await pair(t);
  const evil = await cluster(t, 'dc2');
  const key = keyOf('bundles', dc2.name);
  const forged = {
    cluster: dc2.name,
    bundle: encodeBundle({ ...evil.authority.bundle(), sequence: 9e9 }),
  };
  await overwrite(dc1, key, signRecord(key, forged, evil.authority));

  await refused(t, 'RECORD_UNSIGNED', () => look(dc1, dc2.name));
  t.true(believes(dc1.trustStore, dc2));
  t.false(believes(dc1.trustStore, evil));
});

test("a forged cluster record in the registry doesn't redirect traffic", async (t) => {
  const { dc1, dc2 } = await pair(t);
  const evil = await cluster(t, 'dc2');
  const key = keyOf('clusters', dc2.name);
  await overwrite(
    dc1,
    key,
    signRecord(key, { ...evil.self, eastWest: ['6.6.6.6:1'] }, evil.authority),
  );
  await refused(t, 'RECORD_UNSIGNED', () => look(dc1, dc2.name));
});

test('a cluster that nobody admitted is not believed, whatever it writes into the registry', async (t) => {
  const { dc1 } = await pair(t);
  const dc3 = await cluster(t, 'dc3');
  const key = keyOf('bundles', dc3.name);
  const record = { cluster: dc3.name, bundle: encodeBundle(dc3.authority.bundle()) };
  await overwrite(dc1, key, signRecord(key, record, dc3.authority));
  await refused(t, 'CERT_UNTRUSTED', () => look(dc1, dc3.name));
  t.false(believes(dc1.trustStore, dc3));
});

test('what is believed is in the membership file, and subscribers hear of it', async (t) => {
  const dc1 = await founder(t);
  const dc2 = await cluster(t, 'dc2');
  const heard = new Promise<void>((resolve) => dc1.trust.onChange(resolve));
  await join(await tokenOf(dc1), joining(dc2));
  await look(dc1, dc2.name);
  await heard;
  await dc1.trust.persisted();

  const file = await MembershipFile.open(dc1.dataDir);
  const trustStore = new TrustStore();
  trustOf({ ...dc1, file }, trustStore);
  t.true(believes(trustStore, dc2));
});

test('a cluster that left is believed no more, and its old record does not bring it back', async (t) => {
  const { dc1, dc2 } = await pair(t);
  const old = await dc1.store.get(keyOf('bundles', dc2.name));
  await leave({
    store: dc1.store,
    federation: acme,
    cluster: dc2.name,
    by: dc2.name,
    signer: dc2.authority,
    clock: systemClock,
  });
  dc1.trust.retain({ clusters: new Map([view(dc1)]) });
  t.false(believes(dc1.trustStore, dc2));
  await dc1.trust.persisted();

  const replayed = JSON.parse(new TextDecoder().decode(old?.value));
  const restarted = trustOf(
    { ...dc1, file: await MembershipFile.open(dc1.dataDir) },
    new TrustStore(),
  );
  for (const trust of [dc1.trust, restarted]) {
    const key = keyOf('bundles', dc2.name);
    t.throws(() => trust.verify({ kind: 'bundles', cluster: dc2.name }, key, replayed), {
      code: 'RECORD_STALE',
    });
    // Whoever may has it leave again.
    t.deepEqual([...trust.returned], [dc2.name]);
  }
});

test('a cluster that left may be admitted again, also by a clock that lags', async (t) => {
  const { dc1, dc2 } = await pair(t);
  await leave({
    store: dc1.store,
    federation: acme,
    cluster: dc2.name,
    by: dc2.name,
    signer: dc2.authority,
    clock: systemClock,
  });
  dc1.trust.retain({ clusters: new Map([view(dc1)]) });
  const key = keyOf('departures', dc2.name);
  const departure = await dc1.store.get(key);
  await dc2.file.set({ version: 1, kind: 'standalone' });
  dc1.clock.jump(-60_000);
  await join(await tokenOf(dc1), joining(dc2));
  await look(dc1, dc2.name);
  t.true(believes(dc1.trustStore, dc2));

  // Nor does a backup from between make it leave, which it did before by a later clock.
  const old: unknown = JSON.parse(new TextDecoder().decode(departure?.value));
  t.throws(() => dc1.trust.verifyDeparture(dc2.name, key, old), { code: 'RECORD_STALE' });
  dc1.clock.jump(-60_000);
  const { name: cluster, store } = { ...dc1, name: dc2.name };
  const signer = dc1.authority;
  await leave({ store, federation: acme, cluster, by: dc1.name, signer, clock: dc1.clock });
  const again = await dc1.store.get(key);
  const now: unknown = JSON.parse(new TextDecoder().decode(again?.value));
  t.notThrows(() => dc1.trust.verifyDeparture(dc2.name, key, now));
});

test('a registry that lost its data makes nobody forget anybody', async (t) => {
  const { dc1, dc2 } = await pair(t);
  dc1.trust.retain({ clusters: new Map() });
  t.true(believes(dc1.trustStore, dc2));
});

test('a cluster whose bundle came before its record is not taken for one that left', async (t) => {
  const { dc1, dc2 } = await pair(t);
  const [name] = view(dc2);
  const bundle = { cluster: name, bundle: {} };
  dc1.trust.retain({
    clusters: new Map([view(dc1), [name, { cluster: name, bundle, gateways: new Map() }]]),
  });
  t.true(believes(dc1.trustStore, dc2));
});
