/** Specifies that a service gets no more at a time than its breakers allow, and that what they turn away goes elsewhere or is refused. */
import { once } from 'node:events';
import { request, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { type BreakerPolicy, defaultBreakers } from '../../../../policy/traffic/breakers.ts';
import { defaultRetry } from '../../../../policy/traffic/retry.ts';
import { defaultBalance } from '../../../../policy/traffic-policy.ts';
import { startDeafPort } from '../../../support/deaf-port.ts';
import { until } from '../../../support/until.ts';
import { type Answer, ask } from './http.ts';
import { connect, type Gateway, type ServiceSpec, startGateway, startOrigin } from './scene.ts';

const host = 'orders.shop.acme';
const outlier = { ...defaultBalance.outlier, consecutive5xx: 0, consecutiveGatewayFailure: 0 };

/** An origin that answers nobody before `answer`. */
async function startHolding(t: ExecutionContext, id = 'holding') {
  const held: ServerResponse[] = [];
  const origin = await startOrigin(t, id, (_, response) => void held.push(response));
  const answer = () => {
    for (const response of held.splice(0)) response.end(id);
  };
  return { origin, held, answer };
}

function policyOf(breakers: Partial<BreakerPolicy>, more: object = {}) {
  return { outlier, breakers: { ...defaultBreakers, ...breakers }, ...more };
}

function alone(t: ExecutionContext, service: Omit<ServiceSpec, 'name'>): Promise<Gateway> {
  return startGateway(t, { cluster: 'dc1', services: [{ name: 'orders.shop', ...service }] });
}

function isTurnedAway(t: ExecutionContext, { status, headers, body }: Answer): void {
  t.is(status, 503);
  t.is(headers['retry-after'], '1');
  t.is(JSON.parse(body).code, 'CIRCUIT_OPEN');
}

test('maxRequests: what is one too many is refused, counted, and told by explain; what follows the others is not', async (t) => {
  const { origin, held, answer } = await startHolding(t);
  const { url, proxy, routes } = await alone(t, {
    endpoints: [origin],
    policy: policyOf({ maxRequests: 2 }),
  });
  const first = [ask(url, host), ask(url, host)];
  await until('both to be under way', () => held.length === 2);
  isTurnedAway(t, await ask(url, host));
  t.deepEqual(proxy.recorder.snapshot().shut, [
    { service: 'orders.shop', cluster: 'dc1', breaker: 'maxRequests', tries: 1 },
  ] as unknown);
  const state = routes.find(host)?.balancer.state();
  t.like(state?.openBreakers?.[0], { breaker: 'maxRequests', limit: 2 });
  answer();
  for (const one of first) t.is((await one).body, 'holding');
  const next = ask(url, host);
  await until('it to be under way', () => held.length === 1);
  answer();
  t.is((await next).status, 200);
  t.deepEqual(routes.find(host)?.balancer.state().openBreakers, []);
});

test('a tier whose breaker is open spills to the next; where that is open, too, its refusal is passed on', async (t) => {
  const [here, there] = await Promise.all([startHolding(t, 'here'), startHolding(t, 'there')]);
  const [near, far] = await Promise.all([
    startGateway(t, {
      cluster: 'dc1',
      services: [
        {
          name: 'orders.shop',
          endpoints: [here.origin],
          elsewhere: { dc2: 1 },
          policy: policyOf({ maxRequests: 1 }, { retry: { ...defaultRetry, stay: 'datacenter' } }),
        },
        { name: 'far.shop', elsewhere: { dc2: 1 } },
      ],
    }),
    startGateway(t, {
      cluster: 'dc2',
      services: [
        { name: 'orders.shop', endpoints: [there.origin] },
        { name: 'far.shop', endpoints: [there.origin], policy: policyOf({ maxRequests: 1 }) },
      ],
    }),
  ]);
  connect(near, far);
  await until('the link to be up', () => near.links.state(far.cluster).state === 'up');
  const first = ask(near.url, host);
  await until('it to be here', () => here.held.length === 1);
  const second = ask(near.url, host);
  await until('the next to be there', () => there.held.length === 1);
  isTurnedAway(t, await ask(near.url, host));
  here.answer();
  there.answer();
  t.is((await first).body, 'here');
  t.is((await second).body, 'there');
  const third = ask(near.url, 'far.shop.acme');
  await until('it to be there', () => there.held.length === 1);
  isTurnedAway(t, await ask(near.url, 'far.shop.acme'));
  there.answer();
  t.is((await third).body, 'there');
});

test('maxConnections: no more are made, and one that rests is used', async (t) => {
  const { origin, held, answer } = await startHolding(t);
  const { url } = await alone(t, { endpoints: [origin], policy: policyOf({ maxConnections: 1 }) });
  for (let i = 0; i < 2; i++) {
    const first = ask(url, host);
    await until('it to be under way', () => held.length === 1);
    isTurnedAway(t, await ask(url, host));
    answer();
    t.is((await first).status, 200);
  }
  t.is(new Set(origin.requests.map(({ socket }) => socket.remotePort)).size, 1);
});

test('maxPending: no more wait for a connection, over HTTP/1.1 and HTTP/2', async (t) => {
  const mute: Socket[] = [];
  const server = createServer((socket) => void mute.push(socket.resume()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    for (const socket of mute) socket.destroy();
  });
  const timeouts = { connectMs: 4000 };
  const policy = policyOf({ maxPending: 1 }, { retry: { ...defaultRetry, maxTries: 1 } });
  for (const [protocol, port] of [
    ['http', await startDeafPort(t)],
    ['http2', (server.address() as AddressInfo).port],
  ] as const) {
    const { url, routes } = await alone(t, {
      endpoints: [{ id: 'deaf', port }],
      protocol,
      timeouts,
      policy,
    });
    const first = ask(url, host);
    const { balancer } = routes.find(host) ?? {};
    await until('it to wait', () => balancer?.state().openBreakers?.length === 1);
    isTurnedAway(t, await ask(url, host));
    t.is((await first).status, 502);
    await until('nobody to wait', () => balancer?.state().openBreakers?.length === 0);
  }
});

test('a retry storm: budget and maxRetries bound what a service that fails gets beside its requests', async (t) => {
  const failing = await Promise.all(
    [1, 2, 3].map((n) =>
      startOrigin(t, `failing-${n}`, (_, response) => {
        setTimeout(() => response.writeHead(503).end(), 300);
      }),
    ),
  );
  const requests = 60;
  const storm = async (more: object, breakers: Partial<BreakerPolicy>) => {
    for (const origin of failing) origin.requests.length = 0;
    const retry = { ...defaultRetry, budget: 'active', minConcurrent: 1000, ...more } as const;
    const { url } = await alone(t, { endpoints: failing, policy: policyOf(breakers, { retry }) });
    const answers = await Promise.all(Array.from({ length: requests }, () => fetchStatus(url)));
    t.deepEqual([...new Set(answers)], [503]);
    return failing.reduce((sum, origin) => sum + origin.requests.length, 0) - requests;
  };
  t.is(await storm({}, {}), 2 * requests);
  // Each of the few that may retry does so up to twice, one after the other.
  t.true((await storm({}, { maxRetries: 3 })) <= 3 * 2 + 3);
  t.true((await storm({ minConcurrent: 3, budgetPercent: 20 }, {})) <= (requests / 5 + 3) * 2);
});

async function fetchStatus(url: string): Promise<number> {
  const { hostname, port } = new URL(url);
  const call = request({ host: hostname, port, headers: { host }, agent: false }).end();
  const [response] = await once(call, 'response');
  response.resume();
  await once(response, 'end');
  return response.statusCode;
}
