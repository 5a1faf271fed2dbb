/** Specifies what each key that says what is tried again, and how much may be under way, does, from a gateway's YAML to the endpoints that its requests meet. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import anyTest, { type TestFn } from 'ava';
import { startDeafPort } from '../support/deaf-port.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { proves } from '../support/proves.ts';
import { sharedScope } from '../support/shared.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
let gateway: GatewayProcess;

/** Answers that are not given before the test says so. */
const held: ServerResponse[] = [];

/** What a service's first endpoint does; the second answers with 200, unless the service is `paused`, or `retries`. */
const first: Readonly<
  Record<string, (request: IncomingMessage, response: ServerResponse) => void>
> = {
  named: (_, response) => response.writeHead(500).end(),
  paused: (_, response) => response.writeHead(503).end(),
  asks: (_, response) => response.writeHead(503, { 'retry-after': '1' }).end(),
  budgeted: (_, response) => response.writeHead(503).end(),
  repeated: ({ socket }) => void socket.resetAndDestroy(),
  retries: (_, response) => response.writeHead(503).end(),
  requests: (_, response) => void held.push(response),
  hedged: (_, response) => void held.push(response),
  'hedged-twice': (_, response) => void held.push(response),
};

/** Services whose every endpoint waits for the test. */
const heldByAll = new Set(['connections', 'hedged-twice']);

const server = createServer((request, response) => {
  const service = request.headers.host?.split('.')[0] ?? '';
  const isFirst = request.socket.localAddress === '127.0.0.1' || service === 'paused';
  if (heldByAll.has(service) || (service === 'retries' && !isFirst)) held.push(response);
  else if (isFirst) first[service]?.(request, response);
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
  const deaf = `127.0.0.1:${await startDeafPort(shared)}`;
  const limited = (name: string, breakers: object, ...endpoints: readonly object[]) => ({
    ...{ name, namespace: 'shop', timeouts: { connect: '20s' } },
    balance: { outlier: { consecutive5xx: 0, consecutiveGatewayFailure: 0 }, breakers },
    endpoints: endpoints.map((endpoint, i) => ({ id: `e-${i + 1}`, ...endpoint })),
  });
  const hedged = (name: string, hedge: object, ...endpoints: readonly object[]) => ({
    ...limited(name, {}, ...endpoints),
    balance: { hedge },
  });
  const one = { address: `127.0.0.1:${port}`, zone: 'a' };
  // Connections of other services that rest at an address are used, and not counted.
  const alone = { address: `127.0.0.3:${port}` };
  const other = { address: `127.0.0.2:${port}`, zone: 'b' };
  gateway = await GatewayProcess.prepare(shared, await tempDir(shared), {
    cluster: 'dc1',
    zone: 'a',
    services: [
      limited('requests', { maxRequests: 1 }, one),
      limited('connections', { maxConnections: 1 }, alone),
      limited('pending', { maxPending: 1 }, { address: deaf }),
      limited('retries', { maxRetries: 1 }, one, other),
      service('named', { on: ['5xx'] }),
      service(
        'paused',
        { backoff: { base: '1h', max: '1h' } },
        { timeouts: { request: '1500ms' } },
      ),
      service('asks', { retryAfter: '900ms' }),
      service('budgeted', { budget: 'active', budgetPercent: 0, minConcurrent: 0 }),
      service('repeated', { nonIdempotent: true }),
      hedged('hedged', { delay: '20ms' }, one, other),
      hedged('hedged-twice', { delay: '20ms', maxTries: 3 }, one, other, alone),
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

/** The code with which a service's second request is refused while its first is under way. */
async function refusedBeside(service: string, isUnderWay: () => boolean): Promise<string> {
  const first = gateway.request(`${service}.shop`).catch(() => undefined);
  await until('the first to be under way', isUnderWay);
  const refused = await until('another one to be refused', async () => {
    const { status, body } = await gateway.request(`${service}.shop`);
    return status === 503 && body !== '' ? body : undefined;
  });
  for (const response of held.splice(0)) response.end();
  if (service !== 'pending') await first;
  return JSON.parse(refused).code;
}

test.serial('breakers.maxRequests: no more are under way', async (t) => {
  t.is(await refusedBeside('requests', () => held.length === 1), 'CIRCUIT_OPEN');
  proves(t, 'balance.breakers.maxRequests');
});

test.serial('breakers.maxConnections: no more are made', async (t) => {
  t.is(await refusedBeside('connections', () => held.length === 1), 'CIRCUIT_OPEN');
  proves(t, 'balance.breakers.maxConnections');
});

test.serial('breakers.maxPending: no more wait for a connection', async (t) => {
  t.is(await refusedBeside('pending', () => true), 'CIRCUIT_OPEN');
  proves(t, 'balance.breakers.maxPending');
});

test.serial('breakers.maxRetries: what would be one too many is not tried again', async (t) => {
  const first = gateway.request('retries.shop');
  await until('it to be tried again', () => held.length === 1);
  t.is((await gateway.request('retries.shop')).status, 503);
  for (const response of held.splice(0)) response.end();
  t.is((await first).status, 200);
  proves(t, 'balance.breakers.maxRetries');
});

test.serial('hedge.delay: after it another endpoint is asked', async (t) => {
  t.is((await gateway.request('hedged.shop')).status, 200);
  held.splice(0);
  proves(t, 'balance.hedge.delay');
});

test.serial('hedge.maxTries: so many are under way at a time', async (t) => {
  const answer = gateway.request('hedged-twice.shop');
  await until('three to be asked', () => held.length === 3);
  for (const response of held.splice(0)) response.end();
  t.is((await answer).status, 200);
  proves(t, 'balance.hedge.maxTries');
});
