/** Specifies a federation over a real etcd, and traffic while that crashes, falls silent or is tampered with. */
import anyTest, { type TestFn } from 'ava';
import type { Finding, RegisteredEndpoint } from '../../gateway/admin/answers.ts';
import { type EtcdProcess, startEtcd } from '../support/etcd.ts';
import { type Etcdctl, etcdctl } from '../support/etcdctl.ts';
import { type Cluster, checksOut, federate, servedBy, settled } from '../support/federation.ts';
import { sharedScope } from '../support/shared.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const root = '/isthmus/v1/acme';
let etcd: EtcdProcess;
let run: Etcdctl;
let dc1: Cluster;
let dc2: Cluster;

test.before('two clusters share a real etcd', async () => {
  etcd = await startEtcd(shared);
  run = etcdctl(shared, etcd.address);
  const endpoints = [etcd.endpoint];
  ({ dc1, dc2 } = await federate(shared, {
    dc1: { registry: { etcd: { endpoints, found: true } } },
    dc2: { registry: { etcd: { endpoints } } },
  }));
});

/** Waits until a gateway reports a problem with a key, and resolves to its code. */
async function problemWith({ gateway }: Cluster, key: string): Promise<string> {
  return until(`${gateway.name} to report ${key}`, async () => {
    return (await gateway.problems()).find(({ where }) => where === key)?.code;
  });
}

async function withoutProblems(...clusters: readonly Cluster[]): Promise<void> {
  for (const { gateway } of clusters) {
    await until(`${gateway.name} to be well again`, async () => {
      return (await gateway.problems()).length === 0;
    });
  }
}

test.serial('each cluster fails over to the other', async (t) => {
  t.is((await dc1.gateway.request('orders.shop')).cluster, 'dc1');
  await dc1.killInstances();
  await servedBy(dc1, dc2);
  await dc1.startInstances();
  await servedBy(dc1, dc1);
  await t.notThrowsAsync(checksOut(dc1));
});

test.serial('etcd crashes: no request fails, also when instances die meanwhile', async (t) => {
  await settled([dc1, dc2]);
  const load = new SteadyLoad(dc1);
  t.teardown(() => load.stop());
  await load.servedBy(dc1);
  await etcd.kill();
  for (const { gateway } of [dc1, dc2]) {
    await until(`${gateway.name} to notice`, async () => {
      return (await gateway.status()).registry.kind === 'unavailable';
    });
  }
  await dc1.killInstances();
  await load.servedBy(dc2);

  // What is registered now reaches the others once etcd is back.
  const [address, port] = dc2.instances[0]?.address.split(':') ?? [];
  const endpoint = await dc2.gateway.api.send<RegisteredEndpoint>(
    'PUT',
    '/v1/services/shop/late/endpoints/late-1',
    { address, port: Number(port) },
  );
  t.false(endpoint.published);

  await etcd.start();
  await dc1.startInstances();
  await load.servedBy(dc1);
  await until('dc1 to reach what was registered meanwhile', async () => {
    return (await dc1.gateway.request('late.shop')).status === 200;
  });
  for (const { gateway } of [dc1, dc2]) {
    await until(`${gateway.name} to be well`, async () => {
      return (await gateway.isthmus(['status'])).code === 0;
    });
  }
  t.deepEqual(await load.stop(), []);
});

test.serial('etcd falls silent: no request fails', async (t) => {
  await settled([dc1, dc2]);
  const load = new SteadyLoad(dc1);
  t.teardown(() => load.stop());
  etcd.pause();
  try {
    await until('dc1 to notice', async () => {
      return (await dc1.gateway.status()).registry.kind === 'unavailable';
    });
    await load.goesOn();
  } finally {
    etcd.resume();
  }
  await until('dc1 to be well', async () => {
    const { registry } = await dc1.gateway.status();
    return registry.kind === 'connected' && !registry.stale;
  });
  t.deepEqual(await load.stop(), []);
});

const intruders = [
  ['a record that is not JSON', `${root}/exports/dc2/shop/orders`, 'garbage', 'RECORD_INVALID'],
  ['a record of no known shape', `${root}/clusters/dc2`, '{"cluster":"dc2"}', 'RECORD_INVALID'],
  [
    "a record with another cluster's name",
    `${root}/gateways/dc2/gateway-9`,
    JSON.stringify({
      ...{ cluster: 'dc1', id: 'gateway-9', zone: 'a', version: '0', startedAt: 0 },
      ...{ rttMs: {}, links: {} },
    }),
    'RECORD_FOREIGN',
  ],
  [
    'a summary that nobody signed',
    `${root}/exports/dc2/shop/forged`,
    JSON.stringify({
      ...{ cluster: 'dc2', service: 'forged.shop', protocol: 'http', updatedAt: 0 },
      localities: [{ region: 'dc2', zone: 'default', total: 1, healthy: 1, degraded: 0 }],
    }),
    'RECORD_UNSIGNED',
  ],
  ['a key of no known layout', `${root}/clusters/dc2/more`, '{}', 'RECORD_INVALID'],
] as const;

for (const [what, key, value, code] of intruders) {
  test.serial(
    `security: ${what} is skipped and reported, and everything else routes`,
    async (t) => {
      await settled([dc1, dc2]);
      const before = await run('get', key, '--print-value-only');
      await run.withInput(value, 'put', key);
      t.is(await problemWith(dc1, key), code);
      const { code: exit, stdout } = await dc1.gateway.isthmus(['check', '-o', 'json']);
      t.is(exit, 1);
      const { findings } = JSON.parse(stdout) as { findings: readonly Finding[] };
      t.true(findings.some((finding) => finding.code === code && finding.where === key));
      t.is((await dc1.gateway.isthmus(['status'])).code, 3);
      t.is((await dc1.gateway.request('forged.shop')).status, 404);

      await dc1.killInstances();
      await servedBy(dc1, dc2);
      await dc1.startInstances();
      await servedBy(dc1, dc1);

      if (before === '') await run('del', key);
      else await run.withInput(before.trimEnd(), 'put', key);
      await withoutProblems(dc1, dc2);
    },
  );
}

test.serial(
  'security: a bundle written over is refused, and the pinned one stays in force',
  async (t) => {
    await settled([dc1, dc2]);
    const own = `${root}/bundles/dc2`;
    const before = (await run('get', own, '--print-value-only')).trimEnd();
    const stranger = (await run('get', `${root}/bundles/dc1`, '--print-value-only')).trimEnd();
    await run.withInput(stranger.replaceAll('"dc1"', '"dc2"'), 'put', own);
    t.truthy(await problemWith(dc1, own));
    await dc1.killInstances();
    await servedBy(dc1, dc2);
    await dc1.startInstances();
    await servedBy(dc1, dc1);
    await run.withInput(before, 'put', own);
    await withoutProblems(dc1, dc2);
  },
);
