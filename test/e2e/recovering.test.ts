/** Specifies faults that nobody has to see to: once their cause is gone all is well again, without a restart, and until then status says what is wrong. */
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { parse } from 'yaml';
import type { ClusterItem } from '../../gateway/control/api/answers.ts';
import { type EtcdProcess, startEtcd } from '../support/etcd.ts';
import { type Etcdctl, etcdctl } from '../support/etcdctl.ts';
import { type Cluster, checksOut, federate, servedBy, settled } from '../support/federation.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { type SetClock, setClock } from '../support/set-clock.ts';
import { sharedScope } from '../support/shared.ts';
import { noSmallDisk, type SmallDisk, smallDisk } from '../support/small-disk.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const root = '/isthmus/v1/acme';
let etcd: EtcdProcess;
let run: Etcdctl;
let dc1: Cluster;
let dc2: Cluster;
let clock: SetClock;
let disk: SmallDisk;

test.before('dc1 asks, dc2 answers, and has a clock and a small disk of its own', async () => {
  etcd = await startEtcd(shared);
  run = etcdctl(shared, etcd.address);
  const endpoints = [etcd.endpoint];
  ({ dc1, dc2 } = await federate(shared, {
    dc1: { registry: { etcd: { endpoints, found: true } }, instances: 0 },
    dc2: { registry: { etcd: { endpoints } } },
  }));
  clock = await setClock(await tempDir(shared));
  dc2.gateway.runBy(clock.program);
});

/** Waits until a gateway names a problem of this code; resolves to its text. */
function named({ gateway }: Pick<Cluster, 'gateway'>, code: string): Promise<string> {
  return until(`${gateway.name} to name ${code}`, async () => {
    return (await gateway.problems()).find((problem) => problem.code === code)?.what;
  });
}

async function allWell(): Promise<void> {
  await settled([dc1, dc2]);
  for (const { gateway } of [dc1, dc2]) {
    await until(`${gateway.name} to be well`, async () => {
      const { code, stdout } = await gateway.isthmus(['status']);
      if (code !== 0) throw new Error(stdout);
      return true;
    });
  }
}

for (const [hours, what] of [
  [40, '40.0 h ahead of that of dc1'],
  [-40, '40.0 h behind that of dc1'],
] as const) {
  test.serial(
    `a clock ${hours} h ahead at a restart: it says so, and links are there soon after it is right`,
    async (t) => {
      await allWell();
      await dc2.gateway.stop();
      if (noSmallDisk === undefined && hours > 0) {
        disk = await smallDisk(shared, dc2.gateway.dataDir, 16);
      }
      await clock.ahead(hours);
      await dc2.start();
      t.true((await named(dc2, 'CLOCK_SKEW')).includes(what));
      // By the word of one other nobody knows whose is wrong.
      t.regex(await named(dc1, 'CLOCK_SKEW'), /that of dc2$/);
      const { stdout } = await dc2.gateway.isthmus(['check']);
      t.regex(stdout, /CLOCK_SKEW: The clock here is 40\.0 h/);
      t.is((await dc2.gateway.request('orders.shop')).status, 200, 'its own it serves');

      await clock.ahead(0);
      await servedBy(dc1, dc2);
      await allWell();
      await checksOut(dc2);
    },
  );
}

test.serial('a clock ten minutes off, both ways, costs no request', async (t) => {
  await allWell();
  const load = new SteadyLoad(dc1);
  t.teardown(() => load.stop());
  await load.servedBy(dc2);
  for (const minutes of [10, -10]) {
    await clock.ahead(minutes / 60);
    await named(dc2, 'CLOCK_SKEW');
    await dc2.gateway.takeOver();
    await load.goesOn(50);
  }
  await clock.ahead(0);
  await allWell();
  t.deepEqual(await load.stop(), []);
  await dc2.gateway.stop();
  await dc2.start();
});

test.serial(
  'a full disk: requests go on, each file is named, and is written once there is room',
  async (t) => {
    if (noSmallDisk !== undefined) return t.pass(noSmallDisk);
    await allWell();
    const load = new SteadyLoad(dc1);
    t.teardown(() => load.stop());
    await load.servedBy(dc2);
    await disk.fill();
    const [address, port] = dc2.instances[0]?.address.split(':') ?? [];
    const path = '/v1/services/shop/late/endpoints/late-1';
    await dc2.gateway.api.send('PUT', path, { address, port: Number(port) });
    await dc1.gateway.isthmusOk(['drain', 'dc1', '--ramp', '0s']);
    const unkept = await until('dc2 to name what it can not keep', async () => {
      const problems = await dc2.gateway.problems();
      const files = problems.flatMap(({ code, where }) =>
        code === 'FILE_UNWRITABLE' ? [where?.split('/').at(-1)] : [],
      );
      return files.includes('orders.jsonl') && files.includes('snapshot.jsonl') ? files : undefined;
    });
    t.true(unkept.includes('registrations.json'));
    await until('what was registered to be known', async () => {
      return (await dc1.gateway.request('late.shop')).status === 200;
    });

    t.deepEqual(await load.stop(), []);

    // It starts all the same.
    await dc2.gateway.kill();
    await dc2.start();
    await disk.free();
    await dc1.gateway.isthmusOk(['undrain', 'dc1']);
    await dc2.gateway.api.send('PUT', path, { address, port: Number(port) });
    await dc2.gateway.api.send('DELETE', path);
    await allWell();
  },
);

/** The record of dc2's gateway, and how often it was written. */
async function place(): Promise<{ readonly startedAt: number; readonly version: number }> {
  const key = `${root}/gateways/dc2/gateway-1`;
  const { kvs } = JSON.parse(await run('get', key, '-w', 'json'));
  const { startedAt } = JSON.parse(Buffer.from(kvs[0].value, 'base64').toString());
  return { startedAt, version: kvs[0].version };
}

test.serial(
  'a second gateway from a copy of the data folder gives way to the first, whose place it takes when that ends',
  async (t) => {
    await allWell();
    const load = new SteadyLoad(dc1);
    t.teardown(() => load.stop());
    await load.servedBy(dc2);
    const before = await place();
    const config = parse(await readFile(dc2.gateway.configPath, 'utf8'));
    const { data: _data, listen: _listen, ...same } = config;
    const twin = await GatewayProcess.prepare(t, await tempDir(t), { ...same, advertise: {} });
    await cp(dc2.gateway.dataDir, twin.dataDir, { recursive: true });
    await twin.start('id-taken');
    t.regex(
      await named({ gateway: twin }, 'GATEWAY_ID_TAKEN'),
      new RegExp(`since 20.* at ${dc2.lines.eastWest.address}, from a copy of the data folder`),
    );
    await until('dc2 to have its place again', async () => {
      return (await place()).startedAt === before.startedAt;
    });
    const { version } = await place();
    await load.goesOn(100);
    // But for links and round trips, which are said anew now and then.
    t.true((await place()).version <= version + 3, 'they do not go on about it');
    t.deepEqual((await dc1.others())['dc2']?.eastWest, [dc2.lines.eastWest.address]);
    await allWell();
    t.deepEqual(await load.stop(), []);

    await dc2.gateway.stop();
    await until('the twin to be ready', async () => (await twin.status()).ready);
    await until('dc1 to reach it', async () => {
      return (await dc1.gateway.request('orders.shop')).status === 200;
    });
    await twin.stop();
    await dc2.start();
  },
);

const drained = async ({ gateway }: Cluster): Promise<boolean> => {
  const { drains } = await gateway.api.get<{ drains: readonly unknown[] }>('/v1/orders');
  return drains.length > 0;
};

test.serial('standing orders outlive the loss of all drill records in the registry', async (t) => {
  await allWell();
  await dc1.gateway.isthmusOk(['drain', 'dc1', '--ramp', '0s']);
  const key = `${root}/drills/dc1/drains/dc1`;
  await until('dc2 to hear of it', () => drained(dc2));
  await run('del', '--prefix', `${root}/drills/`);
  await until('it to be written again', async () => (await run('get', key, '--keys-only')) !== '');
  for (const cluster of [dc1, dc2]) t.true(await drained(cluster));
  await allWell();
});

test.serial(
  'etcd is restored from an old backup: what was undone since stays undone, and who was evicted stays out',
  async (t) => {
    const backup = join(await tempDir(t), 'backup.db');
    await run('snapshot', 'save', backup);
    await dc1.gateway.isthmusOk(['undrain', 'dc1']);
    await dc1.gateway.isthmusOk(['leave', '--yes', '--force', '--cluster', 'dc2']);
    await named(dc2, 'NOT_A_MEMBER');
    await etcd.kill();
    await etcd.restore(backup);
    await etcd.start();
    const there = async (kind: string) =>
      (await run('get', `${root}/${kind}/dc2`, '--keys-only')) !== '';
    await until('dc2 to be out again', async () => {
      return (await there('departures')) && !(await there('clusters')) && !(await there('bundles'));
    });
    await until('the undone order to be so again', async () => {
      const order = await run('get', `${root}/drills/dc1/drains/dc1`, '--print-value-only');
      return order !== '' && JSON.parse(order).active === false;
    });
    t.false(await drained(dc1));
    await until('nothing to be amiss', async () => (await dc1.gateway.problems()).length === 0);
    const clusters = await dc1.gateway.items<ClusterItem>('/v1/clusters');
    t.deepEqual(
      clusters.map(({ cluster }) => cluster),
      ['dc1'],
    );
    await named(dc2, 'NOT_A_MEMBER');
  },
);
