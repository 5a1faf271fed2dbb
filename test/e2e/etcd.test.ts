/** Specifies a federation over a real etcd, and traffic while that crashes, falls silent or is tampered with. */
import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { parse } from 'yaml';
import { openAuthority } from '../../certs/authority.ts';
import { parseTrustDomain } from '../../certs/spiffe-id.ts';
import { systemClock } from '../../core/clock.ts';
import type { Prediction } from '../../federation/drills/model.ts';
import type { ExportItem, Finding, RegisteredEndpoint } from '../../gateway/control/api/answers.ts';
import type { GatewayRecord } from '../../registry/model.ts';
import { signRecord } from '../../registry/signing.ts';
import { evacuation, measured } from '../drills/scene.ts';
import { adminRequest } from '../support/admin-request.ts';
import { type EtcdProcess, startEtcd } from '../support/etcd.ts';
import { type Etcdctl, etcdctl } from '../support/etcdctl.ts';
import { type Cluster, checksOut, federate, servedBy, settled } from '../support/federation.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { proves } from '../support/proves.ts';
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

test.before('two clusters share a real etcd', async () => {
  etcd = await startEtcd(shared);
  run = etcdctl(shared, etcd.address);
  const endpoints = [etcd.endpoint];
  // Copies are killed again and again: each time they would be out for longer.
  const outlier = { baseEjection: '1s', maxEjection: '2s' };
  const config = { balance: { outlier, failback: { hold: '100ms', ramp: '100ms' } } };
  ({ dc1, dc2 } = await federate(shared, {
    dc1: { registry: { etcd: { endpoints, found: true } }, config },
    dc2: { registry: { etcd: { endpoints, compactAfter: '2s' } }, config },
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

test.serial('traffic is counted, and without a drill nothing is written for that', async (t) => {
  await settled([dc1, dc2]);
  const load = new SteadyLoad(dc1);
  t.teardown(() => load.stop());
  await load.servedBy(dc1);
  const store = openStore(t, { endpoints: [etcd.endpoint] });
  const { revision } = await store.list(root);
  const written: string[] = [];
  const watch = store.watch(root, revision + 1, {
    events: (events) => {
      for (const event of events) written.push(event.type === 'put' ? event.value.key : event.key);
    },
    progress: () => {},
    ended: (error) => t.fail(error.message),
  });
  t.teardown(() => watch.close());
  await measured(dc2, 'dc1', 20);
  await load.goesOn(200);
  t.deepEqual(await load.stop(), []);
  // A gateway says anew how far the others are when that changed notably.
  const others = written.filter((key) => !key.startsWith(`${root}/gateways/`));
  t.deepEqual(others, [], `in ${written.length} revisions`);
});

test.serial('nobody compacts its history: a gateway that is told to keep less does', async (t) => {
  const store = openStore(t, { endpoints: [etcd.endpoint] });
  const key = `${root}/clusters/dc1`;
  const { revision } = await store.list(root);
  await until('it to be compacted', async () => {
    // What came last is always kept.
    await store.txn([], [{ op: 'put', key: '/other', value: 'x' }]);
    return !(await store.tells(key, revision));
  });
  const { stdout } = await dc1.gateway.isthmus(['check']);
  t.regex(stdout, /etcd's database takes .* MiB/);
  proves(t, 'registry.etcd.compactAfter');
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
    // What the others count they say themselves; one that does not is no gateway without traffic.
    const prediction = await measured(dc2, 'dc1', 20);
    t.deepEqual(prediction.unknown, []);
    process.kill(dc2.gateway.pid ?? 0, 'SIGSTOP');
    const alone = await dc1.gateway.api
      .send<Prediction>('POST', '/v1/drills/predict', evacuation)
      .finally(() => process.kill(dc2.gateway.pid ?? 0, 'SIGCONT'));
    t.true(alone.measured);
    t.like(alone.unknown, [{ cluster: 'dc2', gateway: 'gateway-1' }]);
    t.regex(alone.notes.join(), /What clients of dc2 ask for is unknown: its gateway-1 does not/);
  } finally {
    etcd.resume();
  }
  await until('dc1 to be well', async () => {
    const { registry } = await dc1.gateway.status();
    return registry.kind === 'connected' && !registry.stale;
  });
  t.deepEqual(await load.stop(), []);
});

test.serial(
  'a gateway that lost its data folder is not ready and says so, and another of its cluster admits it again',
  async (t) => {
    await settled([dc1, dc2]);
    const config = parse(await readFile(dc2.gateway.configPath, 'utf8'));
    const { data: _data, listen: _listen, ...same } = config;
    const lost = await GatewayProcess.prepare(t, await tempDir(t), {
      ...same,
      ...{ gateway: 'gateway-2', services: [], advertise: {} },
    });
    await lost.start('displaced');
    // What other clusters serve is unknown to it, and that is not to be taken for nothing.
    const { status, body } = await lost.request('orders.shop');
    t.is(status, 503);
    t.is(JSON.parse(body).code, 'NOT_READY');
    const ready = await adminRequest(lost, '/readyz');
    t.like(ready, { status: 503, json: { ready: false, state: 'displaced' } });
    for (const [verb, code] of [
      ['status', 3],
      ['check', 1],
    ] as const) {
      const said = await lost.isthmus([verb]);
      t.is(said.code, code);
      t.regex(said.stdout, /AUTHORITY_LOST: dc2 is a member of acme/);
      t.regex(
        said.stdout,
        /fix: On another gateway of the cluster: `isthmus token create --gateway`; here: `isthmus join --token-file FILE`/,
      );
      t.notRegex(said.stdout, /NOT_A_MEMBER/);
    }
    t.true(lost.logged({ msg: 'not ready', code: 'AUTHORITY_LOST' }));

    const token = await dc2.gateway.isthmusOk(['token', 'create', '--gateway']);
    const before = await lost.status();
    await lost.isthmusOk(['join', '--yes'], { ISTHMUS_TOKEN: token });
    await until('another process to be ready', async () => {
      const { ready, pid } = await lost.status();
      return ready && pid !== before.pid;
    });
    t.is((await lost.request('orders.shop')).status, 200);
    t.deepEqual(await lost.problems(), []);
    process.kill((await lost.status()).pid, 'SIGTERM');
    await until('it to be gone', async () => (await dc1.others())['dc2']?.gateways === 1);
  },
);

/** Another gateway of dc2, with its authority and membership. */
async function another(t: ExecutionContext, more: object): Promise<GatewayProcess> {
  const {
    data: _data,
    listen: _listen,
    ...same
  } = parse(await readFile(dc2.gateway.configPath, 'utf8'));
  const config = { ...same, services: [], advertise: {}, ...more };
  const gateway = await GatewayProcess.prepare(t, await tempDir(t), config);
  await mkdir(gateway.dataDir, { recursive: true, mode: 0o700 });
  for (const path of ['ca', 'federation.json']) {
    await cp(join(dc2.gateway.dataDir, path), join(gateway.dataDir, path), { recursive: true });
  }
  return gateway;
}

test.serial(
  'a second gateway with the id of another is not ready and takes nothing from it, until it has its own',
  async (t) => {
    await settled([dc1, dc2]);
    const place = `${root}/gateways/dc2/gateway-1`;
    const twin = await another(t, {});
    await twin.start('id-taken');
    const [problem] = await twin.problems();
    t.like(problem, { code: 'GATEWAY_ID_TAKEN', where: place });
    t.true(problem?.fix?.includes('`gateway:` in its configuration'));
    const { eastWest = [] } = (await dc1.others())['dc2'] ?? {};
    t.true(eastWest.includes(dc2.lines.eastWest.address));
    t.false(eastWest.includes(twin.listener('eastWest')));
    await dc1.killInstances();
    await servedBy(dc1, dc2);
    await dc1.startInstances();
    t.deepEqual(await dc2.gateway.problems(), []);

    // As it is told to.
    await twin.kill();
    await twin.configure({
      ...parse(await readFile(twin.configPath, 'utf8')),
      gateway: 'gateway-3',
    });
    await twin.start();
    await until('dc1 to see both', async () => (await dc1.others())['dc2']?.gateways === 2);
    t.is(await twin.stop(), 0);
  },
);

test.serial(
  'of two gateways that took one id at once, the one that runs for longer keeps it',
  async (t) => {
    await settled([dc1, dc2]);
    const place = `${root}/gateways/dc2/gateway-1`;
    const own = JSON.parse(await run('get', place, '--print-value-only')) as GatewayRecord;
    const authority = await openAuthority({
      dir: join(dc2.gateway.dataDir, 'ca'),
      trustDomain: parseTrustDomain('dc2.acme'),
      clock: systemClock,
    });
    const twin = async (startedAt: number) => {
      const theirs = signRecord(place, { ...own, instance: 'another', startedAt }, authority);
      await run.withInput(JSON.stringify(theirs), 'put', place);
    };
    await twin(own.startedAt + 1);
    await until('dc2 to have its place again', async () => {
      const there = JSON.parse(await run('get', place, '--print-value-only')) as GatewayRecord;
      return there.instance === own.instance;
    });
    await twin(own.startedAt - 1);
    await until('dc2 to let it go', async () => (await dc2.gateway.status()).state === 'id-taken');
    await run('del', place);
    await until('dc2 to be ready again', async () => (await dc2.gateway.status()).ready);
    await settled([dc1, dc2]);
    t.deepEqual(await dc2.gateway.problems(), []);
  },
);

const intruders = [
  ['a record that is not JSON', `${root}/exports/dc2/shop/other`, 'garbage', 'RECORD_INVALID'],
  ['a record of no known shape', `${root}/clusters/dc9`, '{"cluster":"dc9"}', 'RECORD_INVALID'],
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

      await run('del', key);
      await withoutProblems(dc1, dc2);
    },
  );
}

/** The record at a key, without its proof. */
async function contentAt(key: string): Promise<Record<string, unknown>> {
  const { signature, seal, ...content } = JSON.parse(await run('get', key, '--print-value-only'));
  return content;
}

const tamperings = [
  ['an endpoint', `${root}/endpoints/dc1/shop/orders/orders-1`, { port: 1 }],
  ['a gateway', `${root}/gateways/dc2/gateway-1`, { instance: 'another', startedAt: 1 }],
  ['a cluster', `${root}/clusters/dc2`, { eastWest: ['127.0.0.1:1'] }],
  ['a bundle', `${root}/bundles/dc2`, { bundle: { keys: [] } }],
] as const;

test.serial(
  'security: records that are tampered with are refused, and their owner writes them again',
  async (t) => {
    await settled([dc1, dc2]);
    const load = new SteadyLoad(dc1);
    t.teardown(() => load.stop());
    await load.servedBy(dc1);
    const before = load.samples.length;
    for (const [what, key, change] of tamperings) {
      const stored = JSON.parse(await run('get', key, '--print-value-only'));
      await run.withInput(JSON.stringify({ ...stored, ...change }), 'put', key);
      await until(`${what} to be written again`, async () => {
        const now: Record<string, unknown> = await contentAt(key);
        return Object.entries(change).every(([field, to]) => !isDeepStrictEqual(now[field], to));
      });
    }
    await load.goesOn(25);
    t.true(load.samples.slice(before).every(({ cluster }) => cluster === 'dc1'));
    t.deepEqual(await load.stop(), []);
    await withoutProblems(dc1, dc2);
    t.true((await dc2.gateway.status()).ready);
    await settled([dc1, dc2]);
  },
);

test.serial(
  "security: with another cluster's access to etcd nobody adds an endpoint, evicts a cluster, or freezes its summaries",
  async (t) => {
    await settled([dc1, dc2]);
    const forged = {
      endpoint: `${root}/endpoints/dc1/shop/orders/evil-1`,
      gateway: `${root}/gateways/dc2/0`,
    };
    const departure = `${root}/departures/dc2`;
    const endpoint = await contentAt(`${root}/endpoints/dc1/shop/orders/orders-1`);
    const gateway = await contentAt(`${root}/gateways/dc2/gateway-1`);
    const put = (key: string, record: object) => run.withInput(JSON.stringify(record), 'put', key);
    await put(forged.endpoint, { ...endpoint, id: 'evil-1', port: 1 });
    await put(forged.gateway, { ...gateway, id: '0' });
    await put(departure, { cluster: 'dc2', by: 'dc1', at: Date.now() });
    t.is(await problemWith(dc1, forged.endpoint), 'RECORD_UNSIGNED');
    t.is(await problemWith(dc1, forged.gateway), 'RECORD_UNSIGNED');
    await until('the departure to be taken away', async () => {
      return (await run('get', departure, '--keys-only')) === '';
    });

    const answers = await Promise.all(
      Array.from({ length: 20 }, () => dc1.gateway.request('orders.shop')),
    );
    t.true(answers.every(({ body }) => body === 'dc1/orders-1'));
    t.is((await dc1.others())['dc2']?.state, 'up');
    const healthy = async () => {
      const exports = await dc1.gateway.items<ExportItem>('/v1/exports?cluster=dc2');
      return exports.find(({ service }) => service === 'orders.shop')?.localities[0]?.healthy;
    };
    await dc2.killInstances();
    await until('dc1 to hear of it', async () => (await healthy()) === 0);
    await dc2.startInstances();
    await until('dc1 to hear of that', async () => (await healthy()) === 1);
    for (const key of Object.values(forged)) await run('del', key);
    await withoutProblems(dc1, dc2);
  },
);
