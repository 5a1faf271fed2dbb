/** Specifies, over real sockets, how a client comes back to the endpoint that answered it, here and by way of another cluster. */

import { once } from 'node:events';
import { request } from 'node:http';
import test from 'ava';
import { parseServiceName } from '../../../../core/names.ts';
import { balancePolicySchema } from '../../../../policy/traffic-schema.ts';
import { until } from '../../../support/until.ts';
import { connect, type Gateway, startGateway, startOrigin } from './scene.ts';

const orders = parseServiceName('orders.shop');
const policyOf = (affinity: object) =>
  balancePolicySchema.parse({ algorithm: 'random', affinity, retry: { maxTries: 3 } });

interface Answer {
  readonly status: number | undefined;
  readonly by: string;
  readonly cookies: readonly string[];
  readonly field: string;
}

async function ask({ url }: Gateway, more: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const headers = { host: 'orders.shop.acme', ...more };
  const [response] = await once(request(url, { headers }).end(), 'response');
  await once(response.resume(), 'end');
  const { headers: told, statusCode: status } = response;
  const by = `${told['x-isthmus-endpoint'] ?? ''}`;
  return { status, by, cookies: told['set-cookie'] ?? [], field: `${told['x-session'] ?? ''}` };
}

/** What a client sends back of a cookie. */
const broughtBack = ({ cookies: [cookie = ''] }: Answer) => ({
  cookie: `theme=dark; ${cookie.split(';')[0]}`,
});

const startAll = (t: Parameters<typeof startOrigin>[0], ids: readonly string[]) =>
  Promise.all(ids.map((id) => startOrigin(t, id)));

test('a cookie that the gateway sets brings a client back, and is set once', async (t) => {
  const endpoints = await startAll(t, ['a', 'b', 'c', 'd']);
  const policy = policyOf({ cookie: { name: 'stay', ttl: '90s', path: '/shop' } });
  const gateway = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints, policy }],
  });
  const first = await ask(gateway);
  const [cookie = ''] = first.cookies;
  t.regex(cookie, /^stay=[\w-]{8}\.[\w-]{16}; Path=\/shop; Max-Age=90; HttpOnly; SameSite=Lax$/);
  for (let i = 0; i < 12; i++) {
    const again = await ask(gateway, broughtBack(first));
    t.is(again.by, first.by);
    t.deepEqual(again.cookies, []);
  }
});

test('a field of the answer does as well, where clients keep no cookies', async (t) => {
  const endpoints = await startAll(t, ['a', 'b', 'c', 'd']);
  const policy = policyOf({ header: { name: 'X-Session' } });
  const gateway = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints, policy }],
  });
  const first = await ask(gateway);
  for (let i = 0; i < 12; i++) {
    t.is((await ask(gateway, { 'x-session': first.field })).by, first.by);
  }
});

test('security: behind a proxy that a client asks over https the cookie is for https alone', async (t) => {
  const endpoints = await startAll(t, ['a']);
  const gateway = await startGateway(t, {
    cluster: 'dc1',
    proxies: { addresses: ['127.0.0.1'], fields: 'x-forwarded' },
    services: [{ name: 'orders.shop', endpoints, policy: policyOf({ cookie: {} }) }],
  });
  const cookieOver = async (proto: string) => {
    const { cookies } = await ask(gateway, {
      'x-forwarded-for': '10.0.0.1',
      'x-forwarded-proto': proto,
    });
    return cookies[0] ?? '';
  };
  t.regex(await cookieOver('https'), /; HttpOnly; SameSite=Lax; Secure$/);
  t.regex(await cookieOver('http'), /; HttpOnly; SameSite=Lax$/);
});

test('across clusters a client comes back to its cluster, and there to its endpoint; only the gateway that it asks says so', async (t) => {
  const policy = policyOf({ cookie: {} });
  const far = await startAll(t, ['a', 'b', 'c', 'd']);
  const near = await startAll(t, ['near']);
  const services = [{ name: 'orders.shop', endpoints: far, policy }];
  const dc2 = await startGateway(t, { cluster: 'dc2', services });
  const dc1 = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: near, elsewhere: { dc2: 4 }, policy }],
  });
  connect(dc1, dc2);
  await until('the link to be up', () => dc1.links.state(dc2.cluster).state === 'up');
  const bound = await ask(dc2);
  t.is(bound.cookies.length, 1);
  for (let i = 0; i < 12; i++) {
    const again = await ask(dc1, broughtBack(bound));
    t.is(again.by, bound.by, 'past the endpoint that is nearer');
    t.deepEqual(again.cookies, []);
  }
  const new1 = await ask(dc1);
  t.is(new1.by, 'near');
  t.is(new1.cookies.length, 1);
});

test('a client whose endpoint answers no more goes to another one, and is bound to that', async (t) => {
  const endpoints = await startAll(t, ['a', 'b']);
  const policy = policyOf({ cookie: {} });
  const gateway = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints, policy }],
  });
  const first = await ask(gateway);
  const dead = endpoints.find(({ id }) => id === first.by);
  dead?.server.close();
  dead?.server.closeAllConnections();
  const moved = await ask(gateway, broughtBack(first));
  t.is(moved.status, 200);
  t.not(moved.by, first.by);
  t.is(moved.cookies.length, 1);
  t.is((await ask(gateway, broughtBack(moved))).by, moved.by);
});

test('without failover it is refused meanwhile, be it that it is tried or known to be out', async (t) => {
  const endpoints = await startAll(t, ['a', 'b']);
  const policy = policyOf({ cookie: {}, failover: false });
  const gateway = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints, policy }],
  });
  const first = await ask(gateway);
  const dead = endpoints.find(({ id }) => id === first.by);
  dead?.server.close();
  dead?.server.closeAllConnections();
  const ejected = () => gateway.routes.get(orders)?.balancer.state().ejected.size ?? 0;
  await until('it to be ejected', async () => {
    const { status, cookies } = await ask(gateway, broughtBack(first));
    t.true((status ?? 0) >= 502);
    t.deepEqual(cookies, []);
    return ejected() === 1;
  });
  t.is((await ask(gateway, broughtBack(first))).status, 503);
  t.is((await ask(gateway)).status, 200, 'others are served');
});
