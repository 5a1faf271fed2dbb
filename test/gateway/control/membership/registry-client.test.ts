/** Specifies a gateway's mirror of the registry, against a real embedded one that others write and leave. */
import { readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../../../core/clock.ts';
import { silentLog } from '../../../../core/log.ts';
import { parseServiceName } from '../../../../core/names.ts';
import { leave } from '../../../../federation/leave.ts';
import { RegistryClient } from '../../../../gateway/control/membership/registry-client.ts';
import { Proofs } from '../../../../registry/proofs.ts';
import { SnapshotCache } from '../../../../registry/snapshot-cache.ts';
import type { Store, WriteOp } from '../../../../registry/store.ts';
import { type RegistryProcess, startRegistryProcess } from '../../../support/registry-process.ts';
import { openStore } from '../../../support/store.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { until } from '../../../support/until.ts';
import {
  acme,
  cart,
  clusterRecord,
  dc1,
  dc2,
  endpointRecord,
  exportRecord,
  gatewayRecord,
  keyOf,
} from '../../records.ts';

const services = ['s1', 's2', 's3', 's4'].map((name) => parseServiceName(`${name}.shop`));

function put(key: string, record: object): WriteOp {
  return { op: 'put', key, value: JSON.stringify(record) };
}

const summaryKey = (service = cart) => keyOf({ kind: 'exports', cluster: dc2, service });
const endpointKey = keyOf({ kind: 'endpoints', cluster: dc1, service: cart, id: 'cart-1' });
const gatewayKey = keyOf({ kind: 'gateways', cluster: dc1, id: 'g9' });

/** A cluster dc2 that offers four services, and a sibling gateway of dc1 with one endpoint. */
const world: WriteOp[] = [
  put(keyOf({ kind: 'clusters', cluster: dc1 }), clusterRecord()),
  put(keyOf({ kind: 'clusters', cluster: dc2 }), clusterRecord(dc2)),
  ...services.map((service) => put(summaryKey(service), exportRecord(dc2, service))),
  put(gatewayKey, gatewayRecord('g9')),
  put(endpointKey, endpointRecord('cart-1', { gateway: 'g9' })),
];

/** Of departures, which nobody verifies here. */
const signer = { sign: () => ({ keyId: 'any', value: 'any' }) };

/** As the end of its lease would have it. */
const lossOfGateway: WriteOp[] = [
  { op: 'delete', key: endpointKey },
  { op: 'delete', key: gatewayKey },
];

const unbounded = { services: Infinity, records: Infinity, bytes: Infinity };

const noProofs = new Proofs({ roots: () => [], threads: 0, log: silentLog });

async function follow(
  t: ExecutionContext,
  registry: RegistryProcess,
  folder?: string,
  proofs: Pick<Proofs, 'has' | 'prove'> = noProofs,
  verify: ConstructorParameters<typeof RegistryClient>[0]['verify'] = () => {},
) {
  const path = join(folder ?? (await tempDir(t)), 'snapshot.jsonl');
  const client = new RegistryClient({
    federation: acme,
    cluster: dc1,
    store: openStore(t, { endpoints: [`http://${registry.address}`], deadlineMs: 500 }),
    cache: new SnapshotCache(path, acme),
    proofs,
    clock: systemClock,
    random: Math.random,
    log: silentLog,
    quota: unbounded,
    verify,
    changed: () => {},
    doubtful: () => {},
  });
  let closed: Promise<void> | undefined;
  const close = () =>
    (closed ??= client.session.close({ revoke: false }).then(() => client.close()));
  t.teardown(close);
  await client.start();
  const offered = () =>
    services.filter((service) => client.snapshot.services.get(service)?.exports.has(dc2)).length;
  const codes = () => client.problems.map(({ code }) => code);
  const endpoint = () => client.snapshot.services.get(cart)?.endpoints.get('cart-1');
  return { client, path, close, offered, codes, endpoint };
}

/** A registry with the world in it, and a store to change it by. */
async function begin(t: ExecutionContext): Promise<{ registry: RegistryProcess; store: Store }> {
  const registry = await startRegistryProcess(t);
  const store = openStore(t, { endpoints: [`http://${registry.address}`] });
  await store.txn([], world);
  return { registry, store };
}

test('security: only what this gateway wrote itself is taken for proven, and that octet for octet', async (t) => {
  const { registry, store } = await begin(t);
  const own = keyOf({ kind: 'exports', cluster: dc1, service: cart });
  const seen: [updatedAt: number, isProven: boolean][] = [];
  const { client } = await follow(t, registry, undefined, noProofs, (_, key, raw, isProven) => {
    if (key === own) seen.push([(raw as { updatedAt: number }).updatedAt, isProven]);
  });
  await client.synced();
  const summary = { ...exportRecord(dc1, cart), updatedAt: 1 };
  client.session.put(own, JSON.stringify(summary), { persistent: true });
  await until('it is seen', () => seen.length === 1);
  await store.txn([], [put(own, { ...summary, updatedAt: 2 })]);
  await until('what another wrote there is seen', () => seen.length === 2);
  t.deepEqual(seen, [
    [1, true],
    [2, false],
  ]);
});

test('a cluster that leaves takes all it offers with it, and nothing is held', async (t) => {
  const { registry, store } = await begin(t);
  const { client, offered, codes } = await follow(t, registry);
  await client.synced();
  t.is(offered(), 4);
  await leave({ store, federation: acme, cluster: dc2, by: dc2, signer, clock: systemClock });
  await until('it is gone', () => offered() === 0 && !client.snapshot.clusters.has(dc2));
  t.deepEqual(codes(), []);
});

test('summaries that vanish without their cluster stay in force, until it writes them again', async (t) => {
  const { registry, store } = await begin(t);
  const { client, offered, codes } = await follow(t, registry);
  await client.synced();
  const vanish = services.map((service): WriteOp => ({ op: 'delete', key: summaryKey(service) }));
  await store.txn([], vanish);
  await until('the alarm', () => codes().includes('WITHDRAWAL_HELD'));
  t.is(offered(), 4);
  await store.txn(
    [],
    services.map((service) => put(summaryKey(service), exportRecord(dc2, service))),
  );
  await until('the all-clear', () => codes().length === 0);
  t.is(offered(), 4);
});

test('a cluster that left while the gateway was away is gone when it is back', async (t) => {
  const { registry, store } = await begin(t);
  const folder = await tempDir(t);
  const first = await follow(t, registry, folder);
  await first.client.synced();
  await first.close();
  await leave({ store, federation: acme, cluster: dc2, by: dc2, signer, clock: systemClock });
  const second = await follow(t, registry, folder);
  await second.client.synced();
  await until('it is gone', () => second.offered() === 0);
  t.deepEqual(second.codes(), []);
});

test('of a list only those signatures are proven that are not known from the disk', async (t) => {
  const { registry, store } = await begin(t);
  const folder = await tempDir(t);
  const first = await follow(t, registry, folder);
  await first.client.synced();
  await first.close();
  const [changed = cart] = services;
  await store.txn([], [put(summaryKey(changed), exportRecord(dc2, changed, ['z']))]);
  const asked: string[] = [];
  const prove: Proofs['prove'] = async (all) => void asked.push(...all.map(({ key }) => key));
  const second = await follow(t, registry, folder, { has: () => false, prove });
  await second.client.synced();
  t.deepEqual(asked, [summaryKey(changed)]);
});

test('a gateway that starts while the registry is down knows what it knew, and says that it is from the disk', async (t) => {
  const { registry } = await begin(t);
  const folder = await tempDir(t);
  const first = await follow(t, registry, folder);
  await first.client.synced();
  const { clusters, services: known } = first.client.snapshot;
  await first.close();
  await registry.kill();
  const second = await follow(t, registry, folder);
  t.like(second.client.status, { fromCache: true, stale: true });
  t.deepEqual(second.client.snapshot.clusters, clusters);
  t.deepEqual([...second.client.snapshot.services], [...known]);

  await registry.start();
  await second.client.synced();
  t.like(second.client.status, { fromCache: false, stale: false });
  t.is(second.offered(), 4);
});

test('an endpoint that its gateway withdraws is gone; one whose gateway is lost with it is an orphan', async (t) => {
  const { registry, store } = await begin(t);
  const { client, endpoint } = await follow(t, registry);
  await client.synced();
  await store.txn([], [{ op: 'delete', key: endpointKey }]);
  await until('it is gone', () => endpoint() === undefined);

  await store.txn([], [put(endpointKey, endpointRecord('cart-1', { gateway: 'g9' }))]);
  await until('it is back', () => endpoint()?.orphaned === false);
  await store.txn([], lossOfGateway);
  await until('it is an orphan', () => endpoint()?.orphaned);
  client.dropOrphan(cart, 'cart-1');
  t.is(endpoint(), undefined);
});

test('what is known at the end is on the disk, also what changed by probes alone', async (t) => {
  const { registry, store } = await begin(t);
  const { client, endpoint, path, close } = await follow(t, registry);
  await client.synced();
  await store.txn([], lossOfGateway);
  await until('it is an orphan', () => endpoint()?.orphaned);
  client.dropOrphan(cart, 'cart-1');
  await close();
  const text = await readFile(path, 'utf8');
  t.true(text.includes(summaryKey(services[0])));
  t.false(text.includes(endpointKey));
});

test('a copy on disk that can not be used costs nothing but itself, and is reported', async (t) => {
  const { registry } = await begin(t);
  const folder = await tempDir(t);
  const path = join(folder, 'snapshot.jsonl');
  await new SnapshotCache(path, acme).save(1, 1, []);
  await truncate(path, 10);
  const { client, codes, offered, close } = await follow(t, registry, folder);
  t.deepEqual(codes(), ['CACHE_INVALID']);
  await client.synced();
  t.is(offered(), 4);
  await close();
  t.deepEqual(codes(), [], 'it was written anew');
});
