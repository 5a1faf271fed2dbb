/** Specifies a federation whose real etcd loses everything, while one cluster is down and the others carry traffic. */
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { type EtcdProcess, startEtcd } from '../support/etcd.ts';
import { type Etcdctl, etcdctl } from '../support/etcdctl.ts';
import { type Cluster, federate, settled } from '../support/federation.ts';
import { sharedScope } from '../support/shared.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { openStore } from '../support/store.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const root = '/isthmus/v1/acme';
let etcd: EtcdProcess;
let run: Etcdctl;
let dc1: Cluster;
let dc2: Cluster;
let dc3: Cluster;

test.before('three clusters share a real etcd; dc1 has no instances', async () => {
  etcd = await startEtcd(shared);
  run = etcdctl(shared, etcd.address);
  const endpoints = [etcd.endpoint];
  ({ dc1, dc2, dc3 } = await federate(shared, {
    dc1: { registry: { etcd: { endpoints, found: true } }, instances: 0 },
    dc2: { registry: { etcd: { endpoints } } },
    dc3: { registry: { etcd: { endpoints } }, instances: 0 },
  }));
});

async function keys(): Promise<readonly string[]> {
  const text = await run('get', '--prefix', `${root}/`, '--keys-only');
  return text.split('\n').filter((line) => line !== '');
}

/** Waits until all that dc1 and dc2 say of themselves stands in etcd. */
async function restored(): Promise<void> {
  const own = ['dc1', 'dc2'].flatMap((name) => [
    ...['clusters', 'bundles', 'synced'].map((kind) => `${root}/${kind}/${name}`),
    `${root}/gateways/${name}/gateway-1`,
  ]);
  own.push(`${root}/exports/dc2/shop/orders`, `${root}/endpoints/dc2/shop/orders/orders-1`);
  await until('the records to be there again', async () => {
    const there = await keys();
    return own.every((key) => there.includes(key));
  });
}

const losses: Record<string, () => Promise<void>> = {
  'every key is deleted': async () => {
    await run('del', '--prefix', '/');
  },
  'it comes back empty': async () => {
    await etcd.kill();
    await etcd.wipe();
    await etcd.start();
  },
};

for (const [how, lose] of Object.entries(losses)) {
  test.serial(
    `${how}: no request fails, who can writes its records again, and who can't is not forgotten`,
    async (t) => {
      await settled([dc1, dc2, dc3]);
      await dc3.gateway.kill();
      const load = new SteadyLoad(dc1);
      t.teardown(() => load.stop());
      await load.servedBy(dc2);
      await lose();
      await restored();
      for (const { gateway } of [dc1, dc2]) {
        await until(`${gateway.name} to miss dc3, and nothing else`, async () => {
          const problems = await gateway.problems();
          const missed = problems.filter(({ code }) => code === 'RECORD_LOST');
          return problems.length === 1 && missed[0]?.where === `${root}/clusters/dc3`;
        });
      }
      t.truthy((await dc1.others())['dc3']);
      await until('dc1 to miss the cluster, too', async () => {
        return (await dc1.gateway.status()).missing.some(({ code }) => code === 'PEER_UNREACHABLE');
      });
      const { revision } = (await dc1.gateway.status()).registry;
      const { header } = JSON.parse(await run('get', '/', '-w', 'json'));
      t.true(revision <= header.revision, `said ${revision}, where etcd is at ${header.revision}`);
      const { code, stdout } = await dc1.gateway.isthmus(['status']);
      t.is(code, 3);
      t.regex(stdout, /problem RECORD_LOST: The registry has lost records of dc3/);
      t.regex(stdout, /PEER_UNREACHABLE: No link to dc3 is up since 20/);
      await load.goesOn(100);

      await dc3.start();
      for (const { gateway } of [dc1, dc2, dc3]) {
        await until(`${gateway.name} to be well`, async () => {
          return (await gateway.problems()).length === 0;
        });
      }
      await settled([dc1, dc2, dc3]);
      t.deepEqual(await load.stop(), []);
    },
  );
}

test.serial(
  'a cluster whose records were lost, and that is gone for good, is made to leave',
  async (t) => {
    await settled([dc1, dc2, dc3]);
    await dc3.gateway.kill();
    await run('del', '--prefix', '/');
    await restored();
    t.is(await dc2.gateway.isthmusOk(['leave', '--yes', '--cluster', 'dc3']), 'dc3 left acme');
    for (const cluster of [dc1, dc2]) {
      await until(`${cluster.name} to know nothing of dc3`, async () => {
        const problems = await cluster.gateway.problems();
        return problems.length === 0 && (await cluster.others())['dc3'] === undefined;
      });
    }
    await dc3.start();
    await until('dc3 to be told', async () => {
      return (await dc3.gateway.problems()).some(
        ({ code, what }) => code === 'NOT_A_MEMBER' && what.includes('evicted from acme by dc2'),
      );
    });
    t.pass();
  },
);

test.serial('it comes back from a backup: what was deregistered since stays so', async (t) => {
  await settled([dc1, dc2]);
  const path = '/v1/services/shop/old/endpoints/old-1';
  const key = `${root}/endpoints/dc2/shop/old/old-1`;
  const [address, port] = dc2.instances[0]?.address.split(':') ?? [];
  await dc2.gateway.api.send('PUT', path, { address, port: Number(port) });
  await until('dc1 to reach it', async () => {
    return (await dc1.gateway.request('old.shop')).status === 200;
  });
  const store = openStore(t, { endpoints: [etcd.endpoint] });
  const { revision } = await store.list(root);
  const backup = join(await tempDir(t), 'backup.db');
  await run('snapshot', 'save', backup);
  await dc2.gateway.api.send('DELETE', path);
  await until('it to be gone', async () => !(await keys()).includes(key));
  // What is brought back is a few revisions old, and soon beyond what anybody knows.
  await etcd.kill();
  await etcd.restore(backup);
  await etcd.start();
  for (let i = 0; i < 50; i++) await store.txn([], [{ op: 'put', key: '/other', value: `${i}` }]);
  t.regex(await run('get', key, '--rev', `${revision}`, '--keys-only'), /old-1/);
  await until('it to be gone again', async () => !(await keys()).includes(key));
  await until('nobody to be sent there', async () => {
    const at = await Promise.all([dc1, dc2].map(({ gateway }) => gateway.request('old.shop')));
    return at.every(({ status }) => status !== 200);
  });
  await restored();
});
