/** Owns what members that can't be reached cost one gateway: CPU a minute, and how long `check` takes. Run: `node bench/unreachable.ts [SECONDS]`. */
import { join } from 'node:path';
import { type Authority, openAuthority } from '../certs/authority.ts';
import { encodeBundle } from '../certs/bundle.ts';
import { parseTrustDomain } from '../certs/spiffe-id.ts';
import { systemClock } from '../core/clock.ts';
import { silentLog } from '../core/log.ts';
import { type ClusterName, parseClusterName, parseFederationName } from '../core/names.ts';
import { MembershipFile } from '../federation/member.ts';
import { openEtcdStore } from '../registry/etcd-store.ts';
import { encodeKey, type RegistryKey } from '../registry/keys.ts';
import { signRecord } from '../registry/signing.ts';
import { startDeafPort } from '../test/support/deaf-port.ts';
import { startEtcd } from '../test/support/etcd.ts';
import { until } from '../test/support/until.ts';
import { atEnd, gateway, federation as name, scratch, withCleanup } from './cluster.ts';
import { cpuMs, machine } from './machine.ts';

const federation = parseFederationName(name);
const seconds = Number(process.argv[2] ?? 60);
/** Until every address was tried for the first time, and for most of the time that they then rest. */
const settleMs = 20_000;

console.log(machine());
await withCleanup(async () => {
  await measure(0);
  await measure(99);
});

/** A gateway of dc1 whose registry names so many others. */
async function measure(members: number): Promise<void> {
  const etcd = await startEtcd(atEnd);
  const store = openEtcdStore({ endpoints: [etcd.endpoint], clock: systemClock, log: silentLog });
  const dir = await scratch();
  await authority(join(dir, 'data', 'ca'), 'dc1');
  const pins: Record<ClusterName, { bundle: object; admittedAt: number }> = {};
  const addresses = await unreachable();
  for (let n = 0; n < members; n++) {
    const cluster = parseClusterName(`far-${n}`);
    const by = await authority(join(dir, 'others', cluster), cluster);
    pins[cluster] = { bundle: encodeBundle(by.bundle()), admittedAt: 0 };
    const address = addresses[n % addresses.length] as string;
    const where = address.replace('N', String(n));
    const key = { kind: 'clusters', cluster } as const;
    const record = {
      cluster,
      region: 'far',
      zones: ['a'],
      trustDomain: `${cluster}.${federation}`,
      eastWest: [where],
      federation: [where],
      protocolVersion: 1,
      joinedAt: Date.now(),
    };
    await put(key, record, by);
    await put({ kind: 'bundles', cluster }, { cluster, bundle: encodeBundle(by.bundle()) }, by);
  }
  const file = await MembershipFile.open(join(dir, 'data'));
  const registry = { kind: 'etcd' as const, endpoints: [etcd.address] };
  const joinedAt = Date.now();
  await file.set({
    version: 1,
    kind: 'founder',
    federation,
    joinedAt,
    registry,
    pins,
    departed: {},
  });
  const extra = { registry: { etcd: { endpoints: [etcd.endpoint], found: true } } };
  const one = await gateway('dc1', extra, dir);
  await until('the gateway to know its members', () => knows(one.admin, members), 120_000);
  await new Promise((resolve) => setTimeout(resolve, settleMs));
  const { pid } = one.process;
  const before = cpuMs(pid);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const aMinute = ((cpuMs(pid) - before) / 1000) * (60 / seconds);
  const asked = performance.now();
  await (await fetch(`${one.admin}/v1/check`)).text();
  const checked = performance.now() - asked;
  console.log(
    `${members} members that can't be reached: ${aMinute.toFixed(1)} s of CPU a minute; check took ${(checked / 1000).toFixed(2)} s`,
  );
  await one.process.kill();
  await store.close();

  async function put(key: RegistryKey, record: object, by: Authority): Promise<void> {
    const at = encodeKey(federation, key);
    await store.txn(
      [],
      [{ op: 'put', key: at, value: JSON.stringify(signRecord(at, record, by)) }],
    );
  }
}

/** An address that refuses, one that swallows, and names that do not resolve; `N` stands for the member's number. */
async function unreachable(): Promise<string[]> {
  return ['127.0.0.1:1', `127.0.0.1:${await startDeafPort(atEnd)}`, 'gateway-N.invalid:7443'];
}

function authority(dir: string, cluster: string): Promise<Authority> {
  const trustDomain = parseTrustDomain(`${cluster}.${federation}`);
  return openAuthority({ dir, trustDomain, clock: systemClock });
}

async function knows(admin: string, members: number): Promise<boolean> {
  try {
    const answer = await fetch(`${admin}/v1/status`);
    const { registry } = (await answer.json()) as { registry: { stale: boolean } };
    const { items } = (await (await fetch(`${admin}/v1/clusters?limit=200`)).json()) as {
      items: object[];
    };
    return !registry.stale && items.length === members + 1;
  } catch {
    return false; // It is not there yet.
  }
}
