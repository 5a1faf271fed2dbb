/** Specifies a federation whose records are backed up, restored, and moved from the embedded registry into an etcd, while traffic flows. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { parse, stringify } from 'yaml';
import type { RegistryReport } from '../../gateway/control/api/answers.ts';
import { isthmus } from '../cli/in-process.ts';
import { type EtcdProcess, startEtcd } from '../support/etcd.ts';
import { type Etcdctl, etcdctl } from '../support/etcdctl.ts';
import { type Cluster, checksOut, federate } from '../support/federation.ts';
import { sharedScope } from '../support/shared.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

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
async function moveTo(endpoint: string, { gateway }: Cluster): Promise<void> {
  const config = parse(await readFile(gateway.configPath, 'utf8')) as object;
  const registry = { etcd: { endpoints: [endpoint] } };
  await writeFile(gateway.configPath, stringify({ ...config, registry }));
  await gateway.takeOver();
}

test.serial(
  'the federation moves into etcd, one gateway after the other, while requests are served',
  async (t) => {
    const load = new SteadyLoad(dc1, 200);
    const copy = ['registry', 'migrate', '-c', dc2.gateway.configPath, '--to', 'etcd'];
    const to = ['--endpoints', etcd.endpoint, '-o', 'json'];
    const { code, stdout, stderr } = await isthmus([...copy, ...to]);
    t.is(code, 0, stderr);
    const { added } = JSON.parse(stdout) as { added: number };
    t.is((await keysIn()).length, added);
    const again = await isthmus([...copy, ...to]);
    t.like(JSON.parse(again.stdout), { added: 0, replaced: 0, same: added });

    await moveTo(etcd.endpoint, dc2);
    await until('dc2 to be in etcd', async () => {
      return (await keysIn()).includes('/isthmus/v1/acme/gateways/dc2/gateway-1');
    });
    await load.goesOn();
    await moveTo(etcd.endpoint, dc1);
    for (const cluster of [dc1, dc2]) {
      await until(`${cluster.name} to be well`, async () => {
        const shown = await cluster.gateway.isthmus(['registry', 'status', '-o', 'json']);
        const { kind, endpoints } = JSON.parse(shown.stdout) as RegistryReport;
        return shown.code === 0 && kind === 'etcd' && endpoints[0]?.endpoint === etcd.endpoint;
      });
      await checksOut(cluster);
    }
    await load.goesOn();
    // dc1 is not told of dc2's next process, which says so in etcd: it is the last process that warns of its end.
    t.deepEqual(await load.stop(), []);
  },
);
