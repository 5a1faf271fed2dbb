/** Specifies policies of the whole federation at real clusters: who is let write them, where they hold, and what is refused. */
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { openAuthority } from '../../certs/authority.ts';
import { parseTrustDomain } from '../../certs/spiffe-id.ts';
import { systemClock } from '../../core/clock.ts';
import type { ExplainAnswer, TrafficPolicyItem } from '../../gateway/control/api/answers.ts';
import { signRecord } from '../../registry/signing.ts';
import { type EtcdProcess, startEtcd } from '../support/etcd.ts';
import { type Etcdctl, etcdctl } from '../support/etcdctl.ts';
import { type Cluster, federate } from '../support/federation.ts';
import { sharedScope } from '../support/shared.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const path = '/v1/federation/traffic-policies/shop/orders';
const ownPath = '/v1/traffic-policies/shop/orders';
const key = '/isthmus/v1/acme/policies/@/shop/TrafficPolicy/orders';
const maglev = { target: { service: 'orders' }, balance: { algorithm: 'maglev' } };
let etcd: EtcdProcess;
let run: Etcdctl;
let dc1: Cluster;
let dc2: Cluster;
let dc3: Cluster;
/** Documents for the whole federation: a Route, a RateLimit, an Authorization and an Egress. */
let file: string;
/** A host outside of the federation. */
let outside: string;

test.before('dc1 founds the federation, dc2 and dc3 join it', async () => {
  etcd = await startEtcd(shared);
  run = etcdctl(shared, etcd.address);
  const registry = { etcd: { endpoints: [etcd.endpoint] } };
  const config = { workers: 1 };
  ({ dc1, dc2, dc3 } = await federate(shared, {
    dc1: { config, registry: { etcd: { ...registry.etcd, found: true } } },
    dc2: { config, registry, instances: 0 },
    dc3: { config, registry, instances: 0 },
  }));
  const server = createServer((_, response) => void response.end('outside'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  shared.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  outside = `127.0.0.1:${port}`;
  file = join(await tempDir(shared), 'everywhere.json');
  const items = [
    document('Route', whoRoute('the federation')),
    document('RateLimit', { target, requests: 2, per: '1h', key: [{ header: 'x-key' }] }),
    document('Authorization', {
      ...{ target, action: 'DENY', rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }] },
    }),
    document('Egress', { host: '127.0.0.1', port }),
  ];
  await writeFile(file, JSON.stringify({ kind: 'List', apiVersion: 'v1', items }));
});

const target = { service: 'orders' };

const document = (kind: string, spec: object, scope = 'federation') => ({
  ...{ apiVersion: 'isthmus/v1', kind, metadata: { name: 'for-all', namespace: 'shop', scope } },
  spec,
});

/** Answers `/who` itself. */
const whoRoute = (body: string) => ({
  parentRefs: [{ kind: 'Service', name: 'orders' }],
  rules: [{ matches: [{ path: { value: '/who' } }], directResponse: { status: 200, body } }, {}],
});

let asked = 0;

/** Each with a key of its own, so that it is limited by itself. */
const askAtDc3 = (options: Parameters<Cluster['gateway']['request']>[1] = {}) => {
  const headers = { 'x-key': String(asked++), ...options.headers };
  return dc3.gateway.request('orders.shop', { ...options, headers });
};

const askOutside = () => askAtDc3({ path: `http://${outside}/`, headers: { host: outside } });

async function algorithmAt({ gateway }: Cluster): Promise<string> {
  return (await gateway.api.get<ExplainAnswer>('/v1/explain/orders.shop')).policy.algorithm;
}

async function until3(algorithm: string): Promise<void> {
  await until(`dc3 to go by ${algorithm}`, async () => (await algorithmAt(dc3)) === algorithm);
}

const put = (to: Cluster, where: string, body: object) =>
  to.gateway.api.send<TrafficPolicyItem>('PUT', where, body);

test.serial(
  'only a cluster that the founder granted it writes for all, and the others say where to ask',
  async (t) => {
    await t.throwsAsync(put(dc2, path, maglev), { code: 'GRANT_MISSING' } as object);
    const mixed = join(await tempDir(t), 'mixed.json');
    const items = ['cluster', 'federation'].map((scope) => document('Route', whoRoute('x'), scope));
    await writeFile(mixed, JSON.stringify({ kind: 'List', apiVersion: 'v1', items }));
    for (const verb of ['apply', 'delete']) {
      const refused = await dc2.gateway.isthmus([verb, '-f', mixed]);
      t.deepEqual([refused.code, refused.stdout], [5, '']);
      t.regex(refused.stderr, /GRANT_MISSING.*dc2 may not write .*: dc1 may/s);
    }
    t.deepEqual(await dc2.gateway.items('/v1/routes'), [], 'nothing of the file was written');
    const asked = await dc2.gateway.isthmus(['grant', 'policy', 'dc2']);
    t.is(asked.code, 5);
    t.regex(
      asked.stderr,
      /NOT_FOUNDER: dc2 is not the founder of acme: dc1 is\n.*Ask a gateway of dc1/,
    );
    const stranger = await dc1.gateway.isthmus(['grant', 'policy', 'dc9']);
    t.regex(stranger.stderr, /CLUSTER_NOT_FOUND/);

    await dc1.gateway.isthmusOk(['grant', 'policy', 'dc2', '--reason', 'the platform team']);
    const given = await until('dc2 to be let', () => put(dc2, path, maglev).catch(() => undefined));
    t.like(given, { scope: 'federation', cluster: 'dc2', inForce: true });
    for (const cluster of [dc1, dc3]) {
      await until(
        `${cluster.name} to go by it`,
        async () => (await algorithmAt(cluster)) === 'maglev',
      );
    }
    const { notes } = await dc3.gateway.api.get<ExplainAnswer>('/v1/explain/orders.shop');
    t.deepEqual(notes, ['It is balanced as the traffic policy shop/orders of the federation says']);
    t.deepEqual(await dc3.gateway.items('/v1/traffic-policies'), []);
    const args = ['--federation', '-o', 'wide', '--no-headers'];
    const line = await dc3.gateway.isthmusOk(['get', 'traffic-policies', ...args]);
    t.regex(line, /^shop\/orders +orders\.shop +maglev .* federation, by dc2/);
    const told = await dc3.gateway.isthmusOk([
      ...['describe', 'traffic-policy', 'shop/orders', '--federation'],
    ]);
    t.regex(told, /^cluster +federation, by dc2$/m);
    const list = await dc3.gateway.isthmusOk(['grant', 'list', '--no-headers']);
    t.regex(list, /^dc1 +founder.*\ndc2 +granted +local +20\d\d-.*the platform team/);
  },
);

test.serial("a cluster's own word holds before the federation's", async (t) => {
  await put(dc3, ownPath, { ...maglev, balance: { algorithm: 'random' } });
  t.is(await algorithmAt(dc3), 'random');
  t.is(await algorithmAt(dc1), 'maglev');
  t.like(await dc3.gateway.api.get<TrafficPolicyItem>(path), {
    inForce: false,
    reason: "shop/orders of dc3 is for the same, and comes first as a cluster's own does",
  });
  await dc3.gateway.api.send('DELETE', ownPath);
  t.is(await algorithmAt(dc3), 'maglev');
});

test.serial(
  'security: what no granted cluster signed is refused, counted and named, and the last good one stays in force',
  async (t) => {
    const good = await run('get', key, '--print-value-only');
    const { signature: _, ...content } = JSON.parse(good);
    const outsider = await openAuthority({
      dir: join(dc3.gateway.dataDir, 'ca'),
      trustDomain: parseTrustDomain('dc3.acme'),
      clock: systemClock,
    });
    const forged = {
      ...content,
      cluster: 'dc3',
      spec: { ...content.spec, balance: { algorithm: 'random' } },
    };
    await run.withInput(JSON.stringify(signRecord(key, forged, outsider)), 'put', key);
    const problem = await until('it to be named', async () => {
      return (await dc1.gateway.problems()).find(({ where }) => where === key);
    });
    t.is(problem.code, 'GRANT_MISSING');
    t.is(await algorithmAt(dc1), 'maglev');
    const check = await dc1.gateway.isthmus(['check']);
    t.regex(check.stdout, /GRANT_MISSING/);
    const metrics = await dc1.gateway.api.read('/metrics', 'text/plain');
    t.regex(
      metrics,
      /isthmus_policy_records_refused_total\{[^}]*of="federation",code="GRANT_MISSING"[^}]*\} 1/,
    );
    await run.withInput(good, 'put', key);
    await until('it to be over', async () => (await dc1.gateway.problems()).length === 0);
  },
);

test.serial(
  'a Route, a RateLimit and an Egress that a granted cluster applies hold at the others, and a cluster answers for itself first',
  async (t) => {
    t.is((await askAtDc3()).status, 200);
    t.is((await askOutside()).status, 404);
    const applied = await dc2.gateway.isthmusOk(['apply', '-f', file]);
    t.is(applied.match(/ of the federation created$/gm)?.length, 4);

    const who = async () => (await askAtDc3({ path: '/who' })).body;
    await until('the Route to hold', async () => (await who()) === 'the federation');
    await put(dc3, '/v1/routes/shop/own', whoRoute('dc3'));
    await until("dc3's own to come first", async () => (await who()) === 'dc3');
    await dc3.gateway.api.send('DELETE', '/v1/routes/shop/own');

    await until('the host to be reached', async () => (await askOutside()).body === 'outside');
    const headers = { 'x-key': 'ada' };
    const statuses = [];
    while (statuses.length < 3) statuses.push((await askAtDc3({ headers })).status);
    t.deepEqual(statuses, [200, 200, 429]);
  },
);

test.serial(
  'security: a DENY of the federation stays one, though the cluster that is asked allows all, and the one that serves',
  async (t) => {
    const own = '/v1/authorizations/shop/all';
    for (const cluster of [dc1, dc3]) await put(cluster, own, { action: 'ALLOW', rules: [{}] });
    t.is((await askAtDc3()).status, 200);
    t.is((await askAtDc3({ method: 'DELETE' })).status, 403);
    for (const { gateway } of [dc1, dc3]) await gateway.api.send('DELETE', own);
  },
);

test.serial('a grant that is taken back takes what the cluster wrote out of force', async (t) => {
  await dc1.gateway.isthmusOk(['revoke', 'policy', 'dc2']);
  await until3('peak-ewma');
  await until('each to be named', async () => (await dc3.gateway.problems()).length === 5);
  const problem = (await dc3.gateway.problems()).find(({ where }) => where === key);
  t.is(problem?.code, 'GRANT_MISSING');
  await until('none to hold', async () => (await askOutside()).status === 404);
  const freed = await askAtDc3({ method: 'DELETE', path: '/who' });
  t.is(freed.status, 200, 'nobody denies it');
  t.not(freed.body, 'the federation', 'nobody answers for it');
  t.regex(problem?.what ?? '', /^dc2 may not write policies of the whole federation: dc1 may$/);
  await put(dc1, path, maglev);
  await until3('maglev');
  await dc1.gateway.isthmusOk(['apply', '-f', file]);
  await until('all to hold again', async () => (await askOutside()).body === 'outside');
  t.deepEqual(await dc3.gateway.problems(), []);
});
