/** Specifies what each key that says what is tried again does, from a gateway's YAML to the endpoints that its requests meet. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import anyTest, { type TestFn } from 'ava';
import { GatewayProcess } from '../support/gateway-process.ts';
import { proves } from '../support/proves.ts';
import { sharedScope } from '../support/shared.ts';
import { tempDir } from '../support/temp-dir.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
let gateway: GatewayProcess;

/** What a service's first endpoint does; the second answers with 200, unless the service is `paused`. */
const first: Readonly<
  Record<string, (request: IncomingMessage, response: ServerResponse) => void>
> = {
  named: (_, response) => response.writeHead(500).end(),
  paused: (_, response) => response.writeHead(503).end(),
  asks: (_, response) => response.writeHead(503, { 'retry-after': '1' }).end(),
  budgeted: (_, response) => response.writeHead(503).end(),
  repeated: ({ socket }) => void socket.resetAndDestroy(),
};

const server = createServer((request, response) => {
  const service = request.headers.host?.split('.')[0] ?? '';
  const isFirst = request.socket.localAddress === '127.0.0.1' || service === 'paused';
  if (isFirst) first[service]?.(request, response);
  else response.end();
});

test.before('a gateway with services that are each tried again in a way of their own', async () => {
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  shared.teardown(() => server.close().closeAllConnections());
  const { port } = server.address() as AddressInfo;
  const service = (name: string, retry: object, more: object = {}) => ({
    ...{ name, namespace: 'shop', ...more },
    balance: {
      algorithm: 'round-robin',
      outlier: { consecutive5xx: 0, consecutiveGatewayFailure: 0 },
      retry,
    },
    endpoints: [1, 2].map((n) => ({ id: `e-${n}`, address: `127.0.0.${n}:${port}` })),
  });
  gateway = await GatewayProcess.prepare(shared, await tempDir(shared), {
    cluster: 'dc1',
    services: [
      service('named', { on: ['5xx'] }),
      service(
        'paused',
        { backoff: { base: '1h', max: '1h' } },
        { timeouts: { request: '1500ms' } },
      ),
      service('asks', { retryAfter: '900ms' }),
      service('budgeted', { budget: 'active', budgetPercent: 0, minConcurrent: 0 }),
      service('repeated', { nonIdempotent: true }),
    ],
  });
  await gateway.start();
});

/** The statuses of four requests, of which each endpoint gets two first. */
async function statuses(service: string, method = 'GET'): Promise<readonly number[]> {
  const seen: number[] = [];
  for (let i = 0; i < 4; i++) {
    seen.push((await gateway.request(`${service}.shop`, { method })).status);
  }
  return seen.sort();
}

test('retry.on: what it names is tried again', async (t) => {
  t.deepEqual(await statuses('named'), [200, 200, 200, 200]);
  proves(t, 'balance.retry.on');
});

test('retry.backoff: no retry comes before the pause is over', async (t) => {
  t.is((await gateway.request('paused.shop')).status, 504);
  proves(t, 'balance.retry.backoff.base', 'balance.retry.backoff.max');
});

test('retry.retryAfter: an answer that asks for more patience is final', async (t) => {
  t.deepEqual(await statuses('asks'), [200, 200, 503, 503]);
  proves(t, 'balance.retry.retryAfter');
});

test('retry.budget, .minConcurrent: of active requests none may be a retry', async (t) => {
  t.deepEqual(await statuses('budgeted'), [200, 200, 503, 503]);
  proves(t, 'balance.retry.budget', 'balance.retry.minConcurrent');
});

test('retry.nonIdempotent: a POST whose connection broke is repeated', async (t) => {
  t.deepEqual(await statuses('repeated', 'POST'), [200, 200, 200, 200]);
  proves(t, 'balance.retry.nonIdempotent');
});
