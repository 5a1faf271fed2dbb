/** Specifies, over real sockets, who gets how much: by weight while all is well, and nothing while only failures come back. */

import { once } from 'node:events';
import { Agent, request } from 'node:http';
import test from 'ava';
import { parseServiceName } from '../../../../core/names.ts';
import { parseConfig } from '../../../../gateway/control/config/config.ts';
import { defaultBalance } from '../../../../policy/traffic-policy.ts';
import { until } from '../../../support/until.ts';
import { ask as curlAsk } from './http.ts';
import { connect, type Gateway, startGateway, startOrigin } from './scene.ts';

const orders = parseServiceName('orders.shop');
const agent = new Agent({ keepAlive: true });
test.after.always(() => agent.destroy());

/** Takes out nothing for what it answers. */
const blind = { ...defaultBalance.outlier, consecutive5xx: 0, consecutiveGatewayFailure: 0 };

interface Told {
  readonly status: number;
  readonly by: string | undefined;
}

/** `from`: a loopback address to ask from. */
async function ask(
  { url }: Gateway,
  from = '127.0.0.1',
  path = '/',
  more: Readonly<Record<string, string>> = {},
): Promise<Told> {
  const headers = { host: 'orders.shop.acme', ...more };
  const asked = request(url, { agent, localAddress: from, path, headers }).end();
  const [response] = await once(asked, 'response');
  await once(response.resume(), 'end');
  const by = response.headers['x-isthmus-endpoint'];
  return { status: response.statusCode, by: by === undefined ? undefined : String(by) };
}

/** Asks `times`, so many at a time. */
async function askAll(gateway: Gateway, times: number, atATime: number): Promise<Told[]> {
  const told: Told[] = [];
  let left = times;
  const one = async () => {
    while (left-- > 0) told.push(await ask(gateway));
  };
  await Promise.all(Array.from({ length: atATime }, one));
  return told;
}

const share = (told: readonly Told[], by: string) => told.filter((one) => one.by === by).length;

/** An origin that answers with `status`, at once or as late as all others. */
const startAnswering = (t: Parameters<typeof startOrigin>[0], id: string, status: () => number) =>
  startOrigin(t, id, (incoming, response) => {
    incoming.resume();
    response.statusCode = status();
    response.end();
  });

for (const algorithm of ['peak-ewma', 'least-request'] as const) {
  for (const atATime of [1, 8]) {
    test(`${algorithm}: endpoints that are alike get what their weights say, ${atATime} at a time`, async (t) => {
      const answer: Parameters<typeof startOrigin>[2] = (_, response) => {
        if (atATime === 1) response.end();
        else setTimeout(() => response.end(), 10);
      };
      const light = await startOrigin(t, 'light', answer);
      const heavy = await startOrigin(t, 'heavy', answer);
      const endpoints = [
        { ...light, weight: 1 },
        { ...heavy, weight: 3 },
      ];
      // By weight alone: with requests in flight least-request gives the lighter more.
      const policy = { algorithm, leastRequest: { activeRequestBias: 0 } };
      const services = [{ name: 'orders.shop', endpoints, policy }];
      const gateway = await startGateway(t, { cluster: 'dc1', services });
      const times = 600;
      const told = await askAll(gateway, times, atATime);
      const lights = share(told, 'light');
      const deviation = Math.sqrt(times * 0.25 * 0.75);
      t.true(Math.abs(lights - times / 4) <= 3 * deviation, `${lights} of ${times}`);
    });
  }
}

test('a copy that answers only 500, and quickly, is ejected after five, and the others are not', async (t) => {
  const broken = await startAnswering(t, 'broken', () => 500);
  const well = await Promise.all(
    ['a', 'b'].map((id) =>
      startOrigin(t, id, (_, response) => void setTimeout(() => response.end(), 5)),
    ),
  );
  // For longer than a busy machine takes to ask.
  const outlier = { ...defaultBalance.outlier, baseEjectionMs: 60_000 };
  const services = [{ name: 'orders.shop', endpoints: [broken, ...well], policy: { outlier } }];
  const gateway = await startGateway(t, { cluster: 'dc1', services });
  const told = await askAll(gateway, 100, 1);
  t.is(told.filter(({ status }) => status === 500).length, 5);
  t.is(broken.requests.length, 5);
  t.deepEqual(
    [...(gateway.routes.get(orders)?.balancer.state().ejected ?? [])],
    [['endpoint/broken', 'consecutive5xx']],
  );
});

test('5xx eject as the policy says: for a service that answers so on purpose, never', async (t) => {
  const sad = await startAnswering(t, 'sad', () => 500);
  const glad = await startAnswering(t, 'glad', () => 200);
  const policy = { outlier: blind, algorithm: 'round-robin' as const };
  const services = [{ name: 'orders.shop', endpoints: [sad, glad], policy }];
  const gateway = await startGateway(t, { cluster: 'dc1', services });
  const told = await askAll(gateway, 40, 1);
  t.is(told.filter(({ status }) => status === 500).length, 20);
});

test('another cluster is ejected for the 5xx of its services only when as many fail in a row as all its copies are worth', async (t) => {
  const statuses = [...Array<number>(14).fill(500), 200, ...Array<number>(15).fill(500)];
  const three = await startAnswering(t, 'three', () => statuses.shift() ?? 200);
  const dc2 = await startGateway(t, {
    cluster: 'dc2',
    services: [{ name: 'orders.shop', endpoints: [three], policy: { outlier: blind } }],
  });
  const dc1 = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', elsewhere: { dc2: 3 } }],
  });
  connect(dc1, dc2);
  await until('the link to be up', () => dc1.links.state(dc2.cluster).state === 'up');
  const ejected = () => [...(dc1.routes.get(orders)?.balancer.state().ejected ?? [])];
  await askAll(dc1, 29, 1);
  t.deepEqual(ejected(), []);
  await askAll(dc1, 1, 1);
  t.deepEqual(ejected(), [['cluster/dc2', 'consecutive5xx']]);
});

const clients = Array.from({ length: 12 }, (_, i) => `127.0.1.${i + 1}`);

for (const algorithm of ['ring-hash', 'maglev'] as const) {
  test(`${algorithm}: each client meets the same endpoint, here and by way of another cluster`, async (t) => {
    const endpoints = await Promise.all(
      ['a', 'b', 'c', 'd'].map((id) => startAnswering(t, id, () => 200)),
    );
    const services = [{ name: 'orders.shop', endpoints, policy: { algorithm } }];
    const dc2 = await startGateway(t, { cluster: 'dc2', services });
    const dc1 = await startGateway(t, {
      cluster: 'dc1',
      services: [{ name: 'orders.shop', elsewhere: { dc2: 4 } }],
    });
    connect(dc1, dc2);
    await until('the link to be up', () => dc1.links.state(dc2.cluster).state === 'up');
    const met = new Set<string>();
    for (const client of clients) {
      const { by = '' } = await ask(dc2, client);
      for (const gateway of [dc2, dc1, dc1]) t.is((await ask(gateway, client)).by, by, client);
      met.add(by);
    }
    t.true(met.size > 1, 'clients spread');
  });
}

for (const [hash, algorithm, path, headers] of [
  ['{ header: X-User }', 'ring-hash', () => '/', (user: string) => ({ 'x-user': user })],
  [
    '{ cookie: session }',
    'maglev',
    () => '/',
    (user: string) => ({ cookie: `theme=dark; session=${user}` }),
  ],
  ['{ query: user }', 'ring-hash', (user: string) => `/cart?page=2&user=${user}`, () => ({})],
] as const) {
  test(`balance.hash ${hash}: who brings the same meets the same endpoint, from wherever, here and by way of another cluster`, async (t) => {
    const yaml = `cluster: dc1
federation: acme
region: eu
services:
  - name: orders
    namespace: shop
    balance: { algorithm: ${algorithm}, hash: ${hash} }
`;
    const [service] = parseConfig(yaml, 'gateway.yaml').services;
    if (service?.balance === undefined) return t.fail();
    const policy = service.balance;
    const endpoints = await Promise.all(
      ['a', 'b', 'c', 'd'].map((id) => startAnswering(t, id, () => 200)),
    );
    const services = [{ name: 'orders.shop', endpoints, policy }];
    const dc2 = await startGateway(t, { cluster: 'dc2', services });
    const dc1 = await startGateway(t, {
      cluster: 'dc1',
      services: [{ name: 'orders.shop', elsewhere: { dc2: 4 }, policy }],
    });
    connect(dc1, dc2);
    await until('the link to be up', () => dc1.links.state(dc2.cluster).state === 'up');
    const met = new Set<string>();
    for (const [i, from] of clients.entries()) {
      const user = `user-${i}`;
      const other = clients[(i + 5) % clients.length];
      const { by = '' } = await ask(dc2, from, path(user), headers(user));
      for (const gateway of [dc2, dc1, dc1]) {
        t.is((await ask(gateway, other, path(user), headers(user))).by, by, user);
      }
      met.add(by);
    }
    t.true(met.size > 1, 'users spread');
    const [from = ''] = clients;
    const { by = '' } = await ask(dc2, from);
    t.is((await ask(dc1, from)).by, by, 'without it the address is hashed');
  });
}

test('a request that nobody can take is told why, tier by tier, unless decisions are kept inside', async (t) => {
  const policy = { panicThreshold: 0 };
  const services = [{ name: 'orders.shop', elsewhere: { dc2: 2 }, policy }];
  const open = await startGateway(t, { cluster: 'dc1', services });
  const { status, body } = await curlAsk(open.url, 'orders.shop.acme');
  t.is(status, 503);
  t.regex(JSON.parse(body).detail, /cluster dc2 carries nothing: there is no link/);
  const closed = await startGateway(t, { cluster: 'dc1', services, exposeDecision: false });
  const kept = await curlAsk(closed.url, 'orders.shop.acme');
  t.is(kept.status, 503);
  t.notRegex(kept.body, /dc2/);
});

test('an endpoint of weight 0 gets nothing, also where it is the only one: 503 says so', async (t) => {
  const out = { ...(await startAnswering(t, 'out', () => 200)), weight: 0 };
  const well = await startAnswering(t, 'in', () => 200);
  const both = await startGateway(t, {
    cluster: 'dc1',
    services: [
      { name: 'orders.shop', endpoints: [out, well] },
      { name: 'alone.shop', endpoints: [out] },
    ],
  });
  t.is(share(await askAll(both, 20, 1), 'in'), 20);
  const alone = await curlAsk(both.url, 'alone.shop.acme');
  t.is(alone.status, 503);
  t.like(JSON.parse(alone.body), { code: 'NO_HEALTHY_ENDPOINT' });
  t.regex(JSON.parse(alone.body).detail, /all of them have weight 0/);
  t.is(out.requests.length, 0);
});
