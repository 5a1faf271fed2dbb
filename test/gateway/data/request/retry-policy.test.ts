/** Specifies what a service's retry policy makes of answers and failures, over real sockets. */
import type { ServerResponse } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import { defaultRetry, type RetryPolicy } from '../../../../policy/traffic/retry.ts';
import { defaultBalance } from '../../../../policy/traffic-policy.ts';
import { until } from '../../../support/until.ts';
import { ask } from './http.ts';
import {
  closedPort,
  connect,
  type Origin,
  startGateway,
  startHttp2Origin,
  startOrigin,
} from './scene.ts';

const host = 'orders.shop.acme';
/** Nobody is passed over for failing. */
const outlier = { ...defaultBalance.outlier, consecutive5xx: 0, consecutiveGatewayFailure: 0 };

async function startWith(
  t: ExecutionContext,
  endpoints: readonly { readonly id: string; readonly port: number }[],
  retry: Partial<RetryPolicy>,
): Promise<string> {
  const policy = {
    algorithm: 'round-robin',
    outlier,
    retry: { ...defaultRetry, ...retry },
  } as const;
  const services = [{ name: 'orders.shop', endpoints, policy }];
  return (await startGateway(t, { cluster: 'dc1', services })).url;
}

/** An origin that answers with that status and those fields. */
function startAnswering(
  t: ExecutionContext,
  status: number,
  fields: Readonly<Record<string, string>> = {},
): Promise<Origin> {
  return startOrigin(t, `says-${status}`, (_, response) =>
    response.writeHead(status, fields).end(String(status)),
  );
}

test('an answer that the policy names is tried again elsewhere, any other is the answer', async (t) => {
  const conflict = await startAnswering(t, 409);
  const good = await startOrigin(t, 'good');
  const url = await startWith(t, [conflict, good], { on: ['retriable-4xx'] });
  for (let i = 0; i < 4; i++) t.is((await ask(url, host)).body, 'good');
  const url5xx = await startWith(t, [conflict, good], { on: ['5xx'] });
  const bodies = new Set<string>();
  for (let i = 0; i < 4; i++) bodies.add((await ask(url5xx, host)).body);
  t.deepEqual([...bodies].sort(), ['409', 'good']);
});

test('without connect-failure a refused connection is a failed request', async (t) => {
  const dead = { id: 'dead', port: await closedPort() };
  const good = await startOrigin(t, 'good');
  const url = await startWith(t, [dead, good], { on: ['retriable-status-codes'] });
  const statuses = new Set<number>();
  for (let i = 0; i < 4; i++) statuses.add((await ask(url, host)).status);
  t.deepEqual([...statuses].sort(), [200, 502]);
});

test('a POST that may have arrived is repeated only with nonIdempotent', async (t) => {
  const bad = await startOrigin(t, 'bad', (request) => {
    request.resume().on('end', () => request.socket.resetAndDestroy());
  });
  const good = await startOrigin(t, 'good');
  const post = ['-X', 'POST', '-d', 'x'];
  const safe = await startWith(t, [bad, good], {});
  const statuses = new Set<number>();
  for (let i = 0; i < 4; i++) statuses.add((await ask(safe, host, ...post)).status);
  t.deepEqual([...statuses].sort(), [200, 502]);
  const url = await startWith(t, [bad, good], { nonIdempotent: true });
  for (let i = 0; i < 4; i++) t.is((await ask(url, host, ...post)).body, 'good');
});

test('Retry-After is waited for up to the bound, and beyond it the answer is final', async (t) => {
  const busy = await startAnswering(t, 503, { 'retry-after': '1' });
  const good = await startOrigin(t, 'good');
  const url = await startWith(t, [busy, good], { retryAfterMs: 1000 });
  const startedAt = performance.now();
  for (let i = 0; i < 2; i++) t.is((await ask(url, host)).body, 'good');
  t.true(performance.now() - startedAt >= 1000);
  const short = await startWith(t, [busy, good], { retryAfterMs: 999 });
  const statuses = new Set<number>();
  for (let i = 0; i < 2; i++) statuses.add((await ask(short, host)).status);
  t.deepEqual([...statuses].sort(), [200, 503]);
});

test('a pause before a retry is ended by the request timeout like a try', async (t) => {
  const fields = { 'retry-after': '60' };
  const answer503 = (_: unknown, response: ServerResponse) =>
    void response.writeHead(503, fields).end();
  const busy = await startOrigin(t, 'busy', answer503);
  const other = await startOrigin(t, 'other', answer503);
  const policy = { outlier, retry: { ...defaultRetry, retryAfterMs: 60_000 } };
  const services = [
    { name: 'orders.shop', endpoints: [busy, other], policy, timeouts: { requestMs: 300 } },
  ];
  const { url } = await startGateway(t, { cluster: 'dc1', services });
  const answer = await ask(url, host);
  t.is(answer.status, 504);
  t.is(busy.requests.length + other.requests.length, 1);
});

test('a retry stays in the cluster of the first try where the policy says so', async (t) => {
  const here = await startAnswering(t, 503);
  const there = await startOrigin(t, 'there');
  const service = (retry: Partial<RetryPolicy>) => ({
    name: 'orders.shop',
    endpoints: [here],
    elsewhere: { dc2: 1 },
    policy: { outlier, retry: { ...defaultRetry, ...retry } },
  });
  const far = await startGateway(t, {
    cluster: 'dc2',
    services: [{ name: 'orders.shop', endpoints: [there] }],
  });
  for (const [stay, expected] of [
    ['datacenter', '503'],
    ['anywhere', 'there'],
  ] as const) {
    const near = await startGateway(t, { cluster: 'dc1', services: [service({ stay })] });
    connect(near, far);
    await until('the link to be up', () => near.links.state(far.cluster).state === 'up');
    t.is((await ask(near.url, host)).body, expected);
  }
});

test('a call of gRPC is tried again by the status in its head, and only where it is repeatable', async (t) => {
  const statuses = [14, 0];
  const origins = await Promise.all(
    statuses.map((status) =>
      startHttp2Origin(t, `says-${status}`, (stream) => {
        const fields = { 'content-type': 'application/grpc', 'grpc-status': status };
        stream.respond(fields, { endStream: true });
      }),
    ),
  );
  const call = ['--http2-prior-knowledge', '-X', 'POST', '-H', 'content-type: application/grpc'];
  for (const [nonIdempotent, expected] of [
    [false, ['0', '14']],
    [true, ['0']],
  ] as const) {
    const retry = { ...defaultRetry, on: ['unavailable'], nonIdempotent } as const;
    const policy = { algorithm: 'round-robin', outlier, retry } as const;
    const services = [
      { name: 'orders.shop', protocol: 'grpc', endpoints: origins, policy } as const,
    ];
    const { url } = await startGateway(t, { cluster: 'dc1', services });
    const seen = new Set<string>();
    for (let i = 0; i < 4; i++) {
      seen.add((await ask(url, host, ...call)).headers['grpc-status'] ?? '');
    }
    t.deepEqual([...seen].sort(), expected);
  }
});
