/** Specifies a federation whose records are backed up, restored, and moved from the embedded registry into an etcd, from there into another one and back into an embedded one, while traffic flows. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { parse, stringify } from 'yaml';
import { freePorts } from '../../examples/demo/processes.ts';
import type { RegistryReport } from '../../gateway/control/api/answers.ts';
import { isthmus } from '../cli/in-process.ts';
import { type EtcdProcess, startEtcd } from '../support/etcd.ts';
import { type Etcdctl, etcdctl } from '../support/etcdctl.ts';
import { type Cluster, checksOut, federate } from '../support/federation.ts';
import { proves } from '../support/proves.ts';
import { sharedScope } from '../support/shared.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { noteWritten } from '../support/written.ts';

/** Requests through dc1, all served by dc2. */
const perSecond = 200;

const test = anyTest as TestFn;
const shared = sharedScope(test);
let dir: string;
let etcd: EtcdProcess;
let run: Etcdctl;
let dc1: Cluster;
let dc2: Cluster;

test.before('two clusters share the registry in a gateway of dc1; an etcd is there', async () => {
  dir = await tempDir(shared);
  ({ dc1, dc2 } = await federate(shared, { dc1: { instances: 0 }, dc2: {} }));
  etcd = await startEtcd(shared);
  run = etcdctl(shared, etcd.endpoint);
});

async function keysIn(): Promise<readonly string[]> {
  const text = await run('get', '--prefix', '/isthmus/v1/acme/', '--keys-only');
  return text.split('\n').filter((line) => line !== '');
}

test.serial('any gateway backs up what outlasts gateways, and nothing else', async (t) => {
  await dc1.gateway.isthmus(['token', 'create']);
  for (const { gateway } of [dc1, dc2]) {
    const file = join(dir, gateway.name);
    const { code, stderr } = await isthmus(['registry', 'backup', file, '-c', gateway.configPath]);
    t.is(code, 0, stderr);
    t.is((await stat(file)).mode & 0o777, 0o600);
    const text = await readFile(file, 'utf8');
    for (const kind of ['clusters', 'bundles']) {
      for (const name of ['dc1', 'dc2']) t.true(text.includes(`/isthmus/v1/acme/${kind}/${name}"`));
    }
    t.true(text.includes('/isthmus/v1/acme/exports/dc2/shop/orders"'));
    t.notRegex(text, /acme\/(tokens|gateways|endpoints)\//);
  }
});

test.serial('a backup is restored where nothing is, key by key, and never by halves', async (t) => {
  const file = join(dir, 'dc1');
  const into = ['--endpoints', etcd.endpoint];
  const dry = await isthmus(['registry', 'restore', file, ...into, '--dry-run', '-o', 'json']);
  t.like(JSON.parse(dry.stdout), { replaced: 0, same: 0 });
  t.deepEqual(await keysIn(), []);
  const spoilt = join(dir, 'spoilt');
  await writeFile(spoilt, (await readFile(file, 'utf8')).replace('bundles/dc1', 'bundles/dc9'));
  const refused = await isthmus(['registry', 'restore', spoilt, ...into]);
  t.is(refused.code, 65);
  t.regex(refused.stderr, /BACKUP_INVALID/);
  t.deepEqual(await keysIn(), []);

  const { keys } = JSON.parse(dry.stdout) as { keys: number };
  const restored = await isthmus(['registry', 'restore', file, ...into, '-o', 'json']);
  t.like(JSON.parse(restored.stdout), { added: keys, replaced: 0, changedSince: 0 });
  t.is((await keysIn()).length, keys);
  const again = await isthmus(['registry', 'restore', file, ...into]);
  t.is(again.code, 5);
  t.regex(again.stderr, /REGISTRY_NOT_EMPTY/);
  await run('put', '/isthmus/v1/acme/clusters/dc2', 'changed');
  const forced = await isthmus(['registry', 'restore', file, ...into, '--force', '-o', 'json']);
  t.like(JSON.parse(forced.stdout), { added: 0, replaced: 1, same: keys - 1 });
  await run('del', '--prefix', '/');
});

/** As an operator does: the file is edited, and the next process takes the sockets over. */
async function moveTo(registry: object, { gateway }: Cluster): Promise<void> {
  const config = { ...(parse(await readFile(gateway.configPath, 'utf8')) as object), registry };
  await noteWritten(config);
  await writeFile(gateway.configPath, stringify(config));
  await gateway.takeOver();
}

/** Waits until both clusters are well, and each uses the registry there. */
async function bothAreAt(kind: RegistryReport['kind'], address: string): Promise<void> {
  for (const cluster of [dc1, dc2]) {
    await until(`${cluster.name} to be well`, async () => {
      const shown = await cluster.gateway.isthmus(['registry', 'status', '-o', 'json']);
      const report = JSON.parse(shown.stdout) as RegistryReport;
      const isThere = report.endpoints[0]?.endpoint.endsWith(address) && report.kind === kind;
      if (shown.code !== 0 || !isThere) throw new Error(shown.stdout);
      return true;
    });
    await checksOut(cluster);
  }
}

/** The lasting records of the registry that the configuration of a gateway leads to, as its backup has them. */
async function recordsOf({ gateway }: Cluster): Promise<readonly string[]> {
  const file = join(dir, 'looked-at');
  const { code, stderr } = await isthmus(['registry', 'backup', file, '-c', gateway.configPath]);
  if (code !== 0) throw new Error(stderr);
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  return lines.slice(1, -1).map((line) => (JSON.parse(line) as { readonly key: string }).key);
}

function migrate({ gateway }: Cluster, ...args: readonly string[]) {
  return isthmus(['registry', 'migrate', '-c', gateway.configPath, '-o', 'json', ...args]);
}

/** Of one that is to succeed. */
async function migrated(from: Cluster, ...args: readonly string[]) {
  const { code, stdout, stderr } = await migrate(from, ...args);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as { readonly added: number; readonly same: number };
}

test.serial(
  'the federation moves into etcd, one gateway after the other, while requests are served',
  async (t) => {
    const load = new SteadyLoad(dc1, perSecond);
    const to = ['--to', 'etcd', '--endpoints', etcd.endpoint];
    const { added } = await migrated(dc2, ...to);
    t.is((await keysIn()).length, added);
    t.like(await migrated(dc2, ...to), { added: 0, replaced: 0, same: added });

    await moveTo({ etcd: { endpoints: [etcd.endpoint] } }, dc2);
    await until('dc2 to be in etcd', async () => {
      return (await keysIn()).includes('/isthmus/v1/acme/gateways/dc2/gateway-1');
    });
    await load.goesOn();
    await moveTo({ etcd: { endpoints: [etcd.endpoint] } }, dc1);
    await bothAreAt('etcd', etcd.address);
    await load.goesOn();
    // dc1 is not told of dc2's next process, which says so in etcd: it is the last process that warns of its end.
    t.deepEqual(await load.stop(), []);
  },
);

test.serial(
  'it moves into another etcd, and no request is lost: where to has to be said',
  async (t) => {
    const load = new SteadyLoad(dc1, perSecond);
    const unsaid = await migrate(dc1, '--to', 'etcd');
    t.is(unsaid.code, 64);
    t.regex(unsaid.stderr, /not said to which etcd/);
    const next = await startEtcd(shared);
    const { added } = await migrated(dc1, '--to', 'etcd', '--endpoints', next.endpoint);
    t.is((await recordsOf(dc1)).length, added);
    for (const cluster of [dc2, dc1]) {
      await moveTo({ etcd: { endpoints: [next.endpoint] } }, cluster);
      await load.goesOn();
    }
    await bothAreAt('etcd', next.address);
    t.deepEqual(await load.stop(), []);
    await etcd.kill();
  },
);

test.serial(
  'it moves out of etcd into the registry of a gateway, and no request is lost: not into one with records of another time',
  async (t) => {
    const load = new SteadyLoad(dc1, perSecond);
    const outdated = await migrate(dc1, '--to', 'embedded');
    t.is(outdated.code, 5);
    t.regex(outdated.stderr, /REGISTRY_NOT_EMPTY.*registry\.sqlite/s);
    const before = await recordsOf(dc1);
    t.like(await migrated(dc2, '--to', 'embedded', '--dry-run'), { added: before.length });
    t.like(await migrated(dc2, '--to', 'embedded'), { added: before.length });

    const [port] = await freePorts(1);
    const listen = `127.0.0.1:${port}`;
    const from = parse(await readFile(dc2.gateway.configPath, 'utf8')).registry.etcd.endpoints[0];
    await moveTo({ embedded: { listen } }, dc2);
    await load.goesOn();
    await moveTo({ host: { cluster: 'dc2', endpoints: [listen] } }, dc1);
    await bothAreAt('embedded', listen);
    await load.goesOn();
    t.deepEqual(await load.stop(), []);
    t.deepEqual(await recordsOf(dc1), before);
    const again = await migrated(dc2, '--to', 'embedded', '--endpoints', from);
    t.is(again.added, 0, 'what came to etcd late is added to the registry that runs');
    t.regex((await dc2.gateway.isthmus(['token', 'create'])).stdout, /^isthmus1_/);
    t.regex((await dc1.gateway.isthmus(['token', 'create'])).stderr, /another one hosts/);
    proves(t, 'registry.host.cluster', 'registry.host.endpoints');
  },
);

test.serial(
  'the gateway that hosts the registry is lost: another one hosts it from then on, by the last backup',
  async (t) => {
    const before = await recordsOf(dc1);
    const backup = join(dir, 'looked-at');
    await dc2.gateway.kill();
    const [port] = await freePorts(1);
    const listen = `127.0.0.1:${port}`;
    const host = { cluster: 'dc1', endpoints: [listen] };
    await moveTo({ embedded: { listen }, host }, dc1);
    const restore = ['registry', 'restore', backup, '-c', dc1.gateway.configPath, '--force'];
    const { code, stderr } = await isthmus(restore);
    t.is(code, 0, stderr);
    const shown = await dc1.gateway.isthmus(['registry', 'status', '-o', 'json']);
    const { kind, hosted } = JSON.parse(shown.stdout) as RegistryReport;
    t.like({ kind, hosted }, { kind: 'embedded', hosted: true });
    t.deepEqual(await recordsOf(dc1), before);
    t.regex(await dc1.gateway.isthmusOk(['token', 'create']), /^isthmus1_/);
  },
);
