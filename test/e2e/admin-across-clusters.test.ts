/** Specifies the admin APIs of three clusters as one: each reached from each, the service graph, trust, and the live stream. */
import anyTest, { type TestFn } from 'ava';
import type {
  AuditItem,
  GraphAnswer,
  Matrix,
  TrafficAnswer,
  TrustItem,
} from '../../gateway/control/api/answers.ts';
import { adminRequest, StreamReader } from '../support/admin-request.ts';
import { type Cluster, federate } from '../support/federation.ts';
import { proves } from '../support/proves.ts';
import { sharedScope } from '../support/shared.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
let dc1: Cluster;
let dc2: Cluster;
let dc3: Cluster;

test.before(
  'three clusters are joined; the third lets operators of the first operate',
  async () => {
    ({ dc1, dc2, dc3 } = await federate(shared, {
      dc1: {},
      dc2: {},
      dc3: { instances: 0, config: { admin: { clusters: { dc1: 'operator' } } } },
    }));
  },
);

const endpoint = '/v1/services/shop/cart/endpoints/cart-1';
const put = { method: 'PUT', body: { address: '10.0.0.1', port: 8080 } };

test('any cluster answers through any other, and says which it is', async (t) => {
  for (const [from, to] of [
    [dc1, dc2],
    [dc2, dc3],
    [dc3, dc1],
    [dc1, dc1],
  ] as const) {
    const path = `/clusters/${to.name}/v1/status?fields=cluster`;
    t.deepEqual((await adminRequest(from.gateway, path)).json, { cluster: to.name });
  }
});

test('security: who asks through another cluster may only look, unless it is granted more', async (t) => {
  const as = async (to: Cluster) =>
    (await adminRequest(dc1.gateway, `/clusters/${to.name}/v1/session`)).json;
  t.deepEqual(await as(dc2), {
    name: 'local by dc1/gateway/gateway-1',
    role: 'viewer',
    via: 'gateway',
  });
  t.like(await as(dc3), { role: 'operator' });
  const { status, json } = await adminRequest(dc1.gateway, `/clusters/dc2${endpoint}`, put);
  t.deepEqual([status, json['code']], [403, 'FORBIDDEN']);
  t.is((await adminRequest(dc1.gateway, `/clusters/dc3${endpoint}`, put)).status, 200);
  const token = { method: 'POST', body: {} };
  t.is((await adminRequest(dc1.gateway, '/clusters/dc3/v1/tokens', token)).status, 403);
  proves(t, 'admin.clusters');
});

test('security: a write through another cluster is audited at both, a refused one too', async (t) => {
  const body = { ttl: '1m' };
  await adminRequest(dc1.gateway, '/clusters/dc2/v1/tokens', { method: 'POST', body });
  const entry = async (cluster: Cluster, path: string) =>
    until(`${cluster.name} to have audited ${path}`, async () =>
      (await cluster.gateway.items<AuditItem>('/v1/audit')).find((item) => item.path === path),
    );
  t.like(await entry(dc1, '/clusters/dc2/v1/tokens'), { who: 'local', status: 403 });
  t.like(await entry(dc2, '/v1/tokens'), {
    who: 'local by dc1/gateway/gateway-1',
    role: 'viewer',
    status: 403,
    code: 'FORBIDDEN',
  });
});

// Before the others, which register endpoints that nobody is behind.
test.serial(
  'each cluster is verified from each other one, with a word for each pair and what it rests on',
  async (t) => {
    const matrix = await until('all pairs to be well', async () => {
      const said = await dc1.gateway.isthmus(['verify', '--bandwidth', '-o', 'json']);
      return said.code === 0 ? (JSON.parse(said.stdout) as Matrix) : undefined;
    });
    t.deepEqual([matrix.by, matrix.clusters], ['dc1/gateway-1', ['dc1', 'dc2', 'dc3']]);
    const pairs = matrix.pairs.map(({ from, to, outcome }) => `${from} ${to} ${outcome}`);
    t.deepEqual(pairs, [
      ...['dc1 dc2 ok', 'dc1 dc3 ok', 'dc2 dc1 ok'],
      ...['dc2 dc3 ok', 'dc3 dc1 ok', 'dc3 dc2 ok'],
    ]);
    const [cell] = matrix.pairs[4]?.seen ?? [];
    const said = Object.fromEntries(
      (cell?.findings ?? []).map(({ subject, what }) => [subject, what]),
    );
    t.is(said['path'], `gateway-1 at ${dc1.lines.eastWest.address}`);
    t.is(said['identity'], 'spiffe://dc1.acme/gateway/gateway-1, each believing the other');
    t.regex(said['latency'] ?? '', /^[\d.]+ ms, the median of 5 round trips$/);
    t.true(Math.abs(cell?.offsetMs ?? Infinity) < 1000, said['clock']);
    t.regex(said['policy'] ?? '', /^The same \d+ policies of the federation as here$/);
    t.regex(
      said['service'] ?? '',
      /^orders.shop, of which 1 copy is healthy, answers HEAD \/ with \d+$/,
    );
    t.regex(said['bandwidth'] ?? '', /^[\d.]+ MB\/s: 4.2 MB in [\d.]+ ms$/);
    const table = await dc3.gateway.isthmusOk(['verify', '--last']);
    t.regex(table, /^FROM \\ TO +dc1 +dc2 +dc3\ndc1 +- +ok [\d.]+ ms/);
    const metrics = await dc1.gateway.api.read('/metrics', 'text/plain');
    t.true(metrics.includes('isthmus_verify_ok{destination_cluster="dc2",subject="path"} 1'));
    t.regex(metrics, /^isthmus_verify_rtt_seconds\{destination_cluster="dc3"\} 0\.\d+/m);
  },
);

test('security: only another gateway, and not who asks through one, may have a gateway look or send what fills a line', async (t) => {
  for (const path of ['/v1/verify/row?look=now', '/v1/verify/transfer']) {
    for (const prefix of ['', '/clusters/dc2']) {
      const { status, json } = await adminRequest(dc1.gateway, prefix + path);
      t.deepEqual([status, json['code']], [403, 'FORBIDDEN'], prefix + path);
    }
  }
  t.is((await adminRequest(dc1.gateway, '/clusters/dc2/v1/verify/row')).status, 200);
});

test('security: a client can not say that it is somebody else', async (t) => {
  const claim = Buffer.from('{"name":"root","role":"admin"}').toString('base64url');
  const headers = { 'x-isthmus-principal': claim };
  const here = await adminRequest(dc1.gateway, '/v1/session', { headers });
  t.like(here.json, { name: 'local', via: 'local' });
  const there = await adminRequest(dc1.gateway, '/clusters/dc2/v1/session', { headers });
  t.like(there.json, { name: 'local by dc1/gateway/gateway-1', role: 'viewer' });
});

test('security: a request that came from another gateway goes no further', async (t) => {
  const path = '/clusters/dc2/clusters/dc3/v1/status';
  const { status, json } = await adminRequest(dc1.gateway, path);
  t.deepEqual([status, json['code']], [508, 'LOOP_REFUSED']);
});

for (const [path, status, code] of [
  ['/clusters/dc9/v1/status', 404, 'CLUSTER_NOT_FOUND'],
  ['/clusters/DC2/v1/status', 400, 'NAME_INVALID'],
  ['/clusters/dc2.evil.example/v1/status', 400, 'NAME_INVALID'],
  ['/clusters/127.0.0.1:22/v1/status', 400, 'NAME_INVALID'],
  ['/clusters/dc2/v1/nothing', 404, 'ROUTE_NOT_FOUND'],
  ['/clusters/dc2/..%2f..%2fv1/status', 400, 'REQUEST_REFUSED'],
] as const) {
  test(`asking for ${path} is ${code}`, async (t) => {
    const answer = await adminRequest(dc1.gateway, path);
    t.deepEqual([answer.status, answer.json['code']], [status, code]);
  });
}

test('the graph shows who called whom from where, whichever cluster is asked', async (t) => {
  const edges = await until('the callers of two clusters to be seen', async () => {
    await dc1.gateway.request('orders.shop');
    for (let i = 0; i < 3; i++) await dc3.gateway.request('orders.shop');
    const { edges } = await dc2.gateway.api.get<GraphAnswer>('/v1/graph');
    return edges.some((e) => e.from === 'client/dc1') && edges.some((e) => e.from === 'client/dc3')
      ? edges
      : undefined;
  });
  const own = edges.find(({ from }) => from === 'client/dc1');
  t.like(own, { to: 'service/orders.shop/dc1', tier: 'zone', mtls: false });
  const across = edges.find(({ from }) => from === 'client/dc3');
  t.like(across, { tier: 'cluster', mtls: true });
  t.true((across?.requestsPerSecond ?? 0) > 0);
  t.true((across?.p99Ms ?? 0) > 0);
  t.is(
    edges.find(({ from }) => from === 'client/dc2'),
    undefined,
    'nobody asked in dc2',
  );
  const { items } = await dc2.gateway.api.get<TrafficAnswer>('/v1/traffic?service=orders.shop');
  t.is(items[0]?.requests.length, 120);
  t.true((items[0]?.requests.at(-1) ?? 0) + (items[0]?.requests.at(-2) ?? 0) > 0);
});

test('each cluster has acknowledged the bundles of the others', async (t) => {
  const items = await until('all bundles to be taken up', async () => {
    const items = await dc1.gateway.items<TrustItem>('/v1/trust');
    return items.every(({ acks, laggards }) => acks.length === 3 && laggards.length === 0)
      ? items
      : undefined;
  });
  t.deepEqual(
    items.map(({ cluster, self, believed, phase }) => [cluster, self, believed, phase]),
    [
      ['dc1', true, true, 'stable'],
      ['dc2', false, true, 'stable'],
      ['dc3', false, true, 'stable'],
    ],
  );
  t.regex(items[0]?.leaf?.id ?? '', /^spiffe:\/\/dc1\.acme\/gateway\//);
});

test('the stream begins with what is there, tells what changes, and takes up where a reader left', async (t) => {
  const reader = await StreamReader.open(dc1.gateway, '/v1/stream?topics=services,events');
  const first = await reader.next('the services', ({ event }) => event === 'snapshot');
  t.true((first.data['items'] as unknown[]).length > 0);
  await adminRequest(dc1.gateway, '/v1/services/shop/new-1/endpoints/e', put);
  const delta = await reader.next(
    'the new service',
    ({ event, data }) => event === 'delta' && JSON.stringify(data).includes('new-1.shop'),
  );
  reader.close();

  await adminRequest(dc1.gateway, '/v1/services/shop/new-2/endpoints/e', put);
  const again = await StreamReader.open(dc1.gateway, '/v1/stream?topics=services,events', {
    'last-event-id': delta.id,
  });
  t.teardown(() => again.close());
  const missed = await again.next('what was missed', ({ data }) =>
    JSON.stringify(data).includes('new-2.shop'),
  );
  t.is(missed.event, 'delta');
  t.false(again.messages.some(({ event }) => event === 'snapshot'));
});

test('a reader with an id of another run begins anew', async (t) => {
  const headers = { 'last-event-id': 'another.7' };
  const reader = await StreamReader.open(dc1.gateway, '/v1/stream?topics=status', headers);
  t.teardown(() => reader.close());
  const { event } = await reader.next('anything', () => true);
  t.is(event, 'snapshot');
});

test('the stream of another cluster is read through this one', async (t) => {
  const path = '/clusters/dc2/v1/stream?topics=status';
  const reader = await StreamReader.open(dc1.gateway, path);
  t.teardown(() => reader.close());
  const { data } = await reader.next('the status of dc2', ({ event }) => event === 'snapshot');
  t.like(data['value'], { cluster: 'dc2' });
});

test('a topic there is not is refused', async (t) => {
  const { status, json } = await adminRequest(dc1.gateway, '/v1/stream?topics=gossip');
  t.like({ status, ...json }, { status: 400, code: 'QUERY_INVALID', where: 'topics' });
});

test('an endpoint is replaced only as long as it is what the caller has seen', async (t) => {
  const path = '/v1/services/shop/basket/endpoints/b-1';
  await adminRequest(dc2.gateway, path, put);
  const { headers } = await until('its first check', async () => {
    const answer = await adminRequest(dc2.gateway, path);
    return answer.json['health'] === 'unknown' ? undefined : answer;
  });
  const held = { 'if-match': headers.etag ?? '' };
  const weigh = (weight: number) => ({ method: 'PUT', body: { ...put.body, weight } });
  t.is((await adminRequest(dc2.gateway, path, { ...weigh(2), headers: held })).status, 200);
  const late = await adminRequest(dc2.gateway, path, { ...weigh(3), headers: held });
  t.deepEqual([late.status, late.json['code']], [412, 'PRECONDITION_FAILED']);
  t.like((await adminRequest(dc2.gateway, path)).json, { weight: 2 });
  t.is((await adminRequest(dc2.gateway, path, { method: 'DELETE', headers: held })).status, 412);
  const onlyNew = { ...weigh(4), headers: { 'if-none-match': '*' } };
  const there = await adminRequest(dc2.gateway, path, onlyNew);
  t.deepEqual([there.status, there.json['code']], [412, 'PRECONDITION_FAILED']);
  const other = '/v1/services/shop/basket/endpoints/b-2';
  t.is((await adminRequest(dc2.gateway, other, onlyNew)).status, 200);
  t.is((await adminRequest(dc2.gateway, other, { method: 'DELETE' })).status, 204);
});

test('what becomes of the health of an endpoint is news to who reads it, and no change of what was registered', async (t) => {
  const path = '/v1/services/shop/basket/endpoints/b-3';
  const mortal = { method: 'PUT', body: { ...put.body, ttl: '1s' } };
  const { headers } = await adminRequest(dc2.gateway, path, mortal);
  const tag = headers.etag ?? '';
  await until('its heartbeat to be overdue', async () => {
    const answer = await adminRequest(dc2.gateway, path, { headers: { 'if-none-match': tag } });
    return answer.json['health'] === 'unhealthy' && answer.headers.etag !== tag;
  });
  const held = { headers: { 'if-match': tag } };
  const heavier = { method: 'PUT', body: { ...mortal.body, weight: 2 } };
  t.is((await adminRequest(dc2.gateway, path, { ...heavier, ...held })).status, 200);
  const late = await adminRequest(dc2.gateway, path, { method: 'DELETE', ...held });
  t.is(late.status, 412);
});

test('what a caller has already is not sent again', async (t) => {
  // Other tests change what there is: then it is another answer.
  const again = await until('nothing to change in between', async () => {
    const { headers } = await adminRequest(dc2.gateway, '/v1/exports');
    const held = { 'if-none-match': headers.etag ?? '' };
    const answer = await adminRequest(dc2.gateway, '/v1/exports', { headers: held });
    return answer.status === 200 ? undefined : answer;
  });
  t.deepEqual([again.status, again.text], [304, '']);
});

test('a list comes in pages, with the fields that are asked for', async (t) => {
  const page = '/v1/clusters?limit=2&fields=cluster,region';
  const first = await adminRequest(dc1.gateway, page);
  t.deepEqual(first.json['items'], [
    { cluster: 'dc1', region: 'dc1' },
    { cluster: 'dc2', region: 'dc2' },
  ]);
  const second = await adminRequest(dc1.gateway, `${page}&cursor=${first.json['next']}`);
  t.deepEqual(second.json, { items: [{ cluster: 'dc3', region: 'dc3' }] });
  for (const wrong of ['cursor=!', 'fields=colour', 'limit=0', 'limit=many']) {
    t.is((await adminRequest(dc1.gateway, `/v1/clusters?${wrong}`)).status, 400, wrong);
  }
});

test.serial('pages of a long list are the list, one after the other', async (t) => {
  for (const kind of ['services', 'endpoints', 'exports']) {
    const all = await dc1.gateway.items(`/v1/${kind}`);
    t.true(all.length > 0, kind);
    const paged: unknown[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const { json } = await adminRequest(dc1.gateway, `/v1/${kind}?limit=1${cursor}`);
      paged.push(...(json['items'] as unknown[]));
      cursor = json['next'] === undefined ? undefined : `&cursor=${json['next']}`;
    }
    const names = (items: readonly unknown[]) =>
      (items as { service: string; id?: string; cluster?: string }[]).map(
        ({ service, id, cluster }) => [service, id, cluster],
      );
    t.deepEqual(names(paged), names(all), kind);
  }
});
