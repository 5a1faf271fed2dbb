/** Owns what size costs one gateway: time to ready, memory, and the price of one change, small and large. Run: `node bench/scale.ts`. */
import { join } from 'node:path';
import { type Authority, openAuthority } from '../certs/authority.ts';
import { encodeBundle } from '../certs/bundle.ts';
import { parseTrustDomain } from '../certs/spiffe-id.ts';
import { systemClock } from '../core/clock.ts';
import { silentLog } from '../core/log.ts';
import { parseClusterName, parseFederationName, serviceName } from '../core/names.ts';
import { MembershipFile } from '../federation/member.ts';
import { openEtcdStore } from '../registry/etcd-store.ts';
import { encodeKey, type RegistryKey } from '../registry/keys.ts';
import type { EndpointRecord, ExportRecord } from '../registry/model.ts';
import { signRecord } from '../registry/signing.ts';
import type { Store, WriteOp } from '../registry/store.ts';
import { startEtcd } from '../test/support/etcd.ts';
import { until } from '../test/support/until.ts';
import {
  atEnd,
  type BenchGateway,
  gateway,
  federation as name,
  scratch,
  withCleanup,
} from './cluster.ts';
import { cpuMs, machine, quantile, rssMb } from './machine.ts';

const federation = parseFederationName(name);
const [dc1, dc2] = [parseClusterName('dc1'), parseClusterName('dc2')];
const endpointsEach = 3;
const changes = 500;

console.log(machine());
await withCleanup(async () => {
  await measure(100, 200);
  await measure(10_000, 20_000);
});

/** A gateway of dc1 whose registry holds `services` of its own cluster, by a sibling, and `summaries` of dc2. */
async function measure(services: number, summaries: number): Promise<void> {
  const etcd = await startEtcd(atEnd);
  const store = openEtcdStore({ endpoints: [etcd.endpoint], clock: systemClock, log: silentLog });
  const dir = await scratch();
  const other = await authority(join(dir, 'dc2'), 'dc2');
  await authority(join(dir, 'data', 'ca'), 'dc1');
  await pinOther(join(dir, 'data'), etcd.address, other);
  await write(store, records(services, summaries, other));

  const started = performance.now();
  const one = await gateway(
    'dc1',
    { registry: { etcd: { endpoints: [etcd.endpoint], found: true } } },
    dir,
  );
  await until('the gateway to have everything', () => hasAll(one, services, summaries), 120_000);
  const seconds = (performance.now() - started) / 1000;
  const memory = rssMb(one.process.pid);
  const { latencies, cpu } = await change(store, one);
  console.log(
    `${services} services x ${endpointsEach} + ${summaries} summaries: ready in ${seconds.toFixed(1)} s, ${memory} MiB; ` +
      `one change: ${(cpu / changes).toFixed(2)} ms of CPU, seen after p50 ${quantile(latencies, 0.5).toFixed(1)} ms, p99 ${quantile(latencies, 0.99).toFixed(1)} ms`,
  );
  await one.process.kill();
  await store.close();
}

function authority(dir: string, cluster: string): Promise<Authority> {
  const trustDomain = parseTrustDomain(`${cluster}.${federation}`);
  return openAuthority({ dir, trustDomain, clock: systemClock });
}

/** As if dc1 had founded the federation and dc2 had joined it. */
async function pinOther(dataDir: string, etcd: string, other: Authority): Promise<void> {
  const file = await MembershipFile.open(dataDir);
  await file.set({
    version: 1,
    kind: 'founder',
    federation,
    joinedAt: Date.now(),
    registry: { kind: 'etcd', endpoints: [etcd] },
    pins: { [dc2]: { bundle: encodeBundle(other.bundle()), admittedAt: 0 } },
    departed: {},
  });
}

function* records(
  services: number,
  summaries: number,
  other: Authority,
): Iterable<[RegistryKey, object]> {
  const bundle = { cluster: dc2, bundle: encodeBundle(other.bundle()) };
  yield [
    { kind: 'bundles', cluster: dc2 },
    signed({ kind: 'bundles', cluster: dc2 }, bundle, other),
  ];
  for (let s = 0; s < services; s++) {
    for (let e = 0; e < endpointsEach; e++) {
      const record = endpoint(s, e, 'healthy');
      yield [{ kind: 'endpoints', cluster: dc1, service: record.service, id: record.id }, record];
    }
  }
  for (let s = 0; s < summaries; s++) {
    const service = serviceName('far', `s${s}`);
    const key: RegistryKey = { kind: 'exports', cluster: dc2, service };
    const localities = [{ region: 'west', zone: 'a', total: 3, healthy: 3, degraded: 0 }];
    const summary: ExportRecord = {
      cluster: dc2,
      service,
      protocol: 'http',
      localities,
      updatedAt: 0,
    };
    yield [key, signed(key, summary, other)];
  }
}

function endpoint(s: number, e: number, health: EndpointRecord['health']): EndpointRecord {
  return {
    cluster: dc1,
    service: serviceName('near', `s${s}`),
    id: `e${e}`,
    address: '10.0.0.1',
    port: 8080,
    region: 'region-dc1',
    zone: 'a',
    weight: 1,
    labels: {},
    protocol: 'http',
    health,
    exported: false,
    gateway: 'gateway-0',
  };
}

function signed(key: RegistryKey, record: object, by: Authority): object {
  return signRecord(encodeKey(federation, key), record, by);
}

async function write(store: Store, all: Iterable<[RegistryKey, object]>): Promise<void> {
  let ops: WriteOp[] = [];
  const flush = async () => {
    if (ops.length > 0) await store.txn([], ops);
    ops = [];
  };
  for (const [key, record] of all) {
    ops.push({ op: 'put', key: encodeKey(federation, key), value: JSON.stringify(record) });
    if (ops.length === 128) await flush();
  }
  await flush();
}

async function hasAll(
  { admin }: BenchGateway,
  services: number,
  summaries: number,
): Promise<boolean> {
  const status = (await (await fetch(`${admin}/v1/status`)).json()) as {
    services: number;
    registry: { stale: boolean };
  };
  return !status.registry.stale && status.services === services + summaries;
}

/** Changes the health of one endpoint at a time, and waits until the gateway shows it. */
async function change(store: Store, { admin, process }: BenchGateway) {
  const latencies: number[] = [];
  const key = encodeKey(federation, {
    kind: 'endpoints',
    cluster: dc1,
    service: serviceName('near', 's7'),
    id: 'e0',
  });
  let asked = 0;
  const shown = async (health: string) => {
    asked++;
    const answer = await fetch(`${admin}/v1/endpoints?service=s7.near`);
    const { items } = (await answer.json()) as { items: { id: string; health: string }[] };
    return items.some((item) => item.id === 'e0' && item.health === health);
  };
  const before = cpuMs(process.pid);
  for (let i = 0; i < changes; i++) {
    const health = i % 2 === 0 ? 'unhealthy' : 'healthy';
    const started = performance.now();
    await store.txn([], [{ op: 'put', key, value: JSON.stringify(endpoint(7, 0, health)) }]);
    while (!(await shown(health)));
    latencies.push(performance.now() - started);
  }
  const total = cpuMs(process.pid) - before;
  // Asking costs too: the same questions again, without changes.
  const questions = asked;
  const beforeAsking = cpuMs(process.pid);
  for (let i = 0; i < questions; i++) await shown('healthy');
  return { latencies, cpu: Math.max(0, total - (cpuMs(process.pid) - beforeAsking)) };
}
