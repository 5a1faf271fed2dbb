/** Specifies Routes between real gateways of two clusters: a canary under load, and connections that are open while its Route changes. */
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import anyTest, { type TestFn } from 'ava';
import { WebSocket, WebSocketServer } from 'ws';
import { type Cluster, federate } from '../support/federation.ts';
import { FreshLoad } from '../support/fresh-load.ts';
import { sharedScope } from '../support/shared.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const path = '/v1/routes/shop/orders';
let dc1: Cluster;

/** Answers with its version, and echoes with it in front over WebSocket. */
async function startVersion(version: string): Promise<string> {
  const server = createServer((_, response) => void response.end(version));
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    socket.on('message', (message) => socket.send(`${version} ${message}`));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  shared.teardown(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
    server.closeAllConnections();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.before('dc1 has the old version, and dc2 the new one', async () => {
  const [v1, v2] = await Promise.all([startVersion('v1'), startVersion('v2')]);
  const service = (name: string, address: string) => ({
    workers: 1,
    services: [{ name, namespace: 'shop', endpoints: [{ id: name, address }] }],
  });
  ({ dc1 } = await federate(shared, {
    dc1: { instances: 0, config: service('orders', v1) },
    dc2: { instances: 0, config: service('orders-v2', v2) },
  }));
  await until('dc1 to route to the new version', async () => {
    return (await dc1.gateway.request('orders-v2.shop')).body === 'v2';
  });
});

/** The new version's share of requests, in percent; each step is told in answers, so that its effect can be waited for. */
async function shift(percent: number): Promise<void> {
  const step = { set: [{ name: 'x-step', value: `step-${percent}` }] };
  await dc1.gateway.api.send('PUT', path, {
    parentRefs: [{ kind: 'Service', name: 'orders' }],
    rules: [
      {
        filters: [{ type: 'ResponseHeaderModifier', responseHeaderModifier: step }],
        backendRefs: [
          { name: 'orders', weight: 100 - percent },
          { name: 'orders-v2', weight: percent },
        ],
      },
    ],
  });
  await until(`${percent} percent to hold`, async () => (await stepTold()) === `step-${percent}`);
}

async function stepTold(): Promise<unknown> {
  const url = `http://${dc1.gateway.listener('outbound')}/`;
  const asking = get(url, { headers: { host: 'orders.shop.acme' }, agent: false });
  const [response] = await once(asking, 'response');
  response.resume();
  return response.headers['x-step'];
}

const asked = 200;

test.serial(
  'a canary from 0 to 100 percent fails no request, and has its share at each step',
  async (t) => {
    const load = new FreshLoad(t, dc1);
    for (const percent of [0, 20, 50, 100]) {
      await shift(percent);
      let news = 0;
      for (let i = 0; i < asked; i++) {
        if ((await dc1.gateway.request('orders.shop')).body === 'v2') news++;
      }
      const share = percent / 100;
      const sigma = Math.sqrt(asked * share * (1 - share));
      t.true(Math.abs(news - asked * share) <= 3 * sigma, `${news} of ${asked} at ${percent} %`);
    }
    t.deepEqual(await load.stop(), []);
  },
);

async function open(): Promise<WebSocket> {
  const socket = new WebSocket(`ws://${dc1.gateway.listener('outbound')}/`, {
    headers: { host: 'orders.shop.acme' },
  });
  shared.teardown(() => socket.terminate());
  await once(socket, 'open');
  return socket;
}

async function echoed(socket: WebSocket, text: string): Promise<string> {
  const heard = once(socket, 'message');
  socket.send(text);
  return String((await heard)[0]);
}

test.serial(
  'a WebSocket lives on where it is when its Route changes, and new ones follow it',
  async (t) => {
    await shift(0);
    const before = await open();
    t.is(await echoed(before, 'a'), 'v1 a');
    await shift(100);
    t.is(await echoed(before, 'b'), 'v1 b');
    t.is(await echoed(await open(), 'c'), 'v2 c');
  },
);

test.serial('Routes are listed and described, with what is doubtful of them', async (t) => {
  await dc1.gateway.api.send('PUT', '/v1/routes/shop/web', {
    hostnames: ['shop.example.com'],
    rules: [{ backendRefs: [{ name: 'nobody' }] }],
  });
  const listed = await dc1.gateway.isthmusOk(['get', 'routes']);
  t.regex(listed, /shop\/orders/);
  t.regex(listed, /shop\/web/);
  const described = await dc1.gateway.isthmusOk(['describe', 'route', 'shop/web']);
  t.regex(described, /No cluster has a service nobody\.shop so far/);
});
