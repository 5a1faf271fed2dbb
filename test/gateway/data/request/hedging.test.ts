/** Specifies hedged requests: one that is not answered is sent to one more target, the first good answer wins, and the other is given up. */
import { once } from 'node:events';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import type { SpanRecord } from '../../../../gateway/data/observe/span.ts';
import { defaultBreakers } from '../../../../policy/traffic/breakers.ts';
import type { HedgePolicy } from '../../../../policy/traffic/hedge.ts';
import { defaultRetry, type RetryPolicy } from '../../../../policy/traffic/retry.ts';
import type { BalancePolicy } from '../../../../policy/traffic-policy.ts';
import { until } from '../../../support/until.ts';
import { ask } from './http.ts';
import {
  connect,
  type Gateway,
  type GatewaySpec,
  type Origin,
  startGateway,
  startHttp2Origin,
  startOrigin,
} from './scene.ts';

const host = 'orders.shop.acme';
const soon: HedgePolicy = { delayMs: 50, maxTries: 2 };

interface Slow {
  readonly origin: Origin;
  /** Answers that it owes. */
  readonly held: ServerResponse[];
  /** Requests that were broken off. */
  readonly gone: IncomingMessage[];
}

/** An origin that answers nobody by itself. */
async function startSlow(t: ExecutionContext, id = 'slow'): Promise<Slow> {
  const held: ServerResponse[] = [];
  const gone: IncomingMessage[] = [];
  const origin = await startOrigin(t, id, (request, response) => {
    held.push(response);
    response.on('close', () => {
      if (!response.writableFinished) gone.push(request);
    });
    request.resume();
  });
  return { origin, held, gone };
}

interface Asked {
  readonly retry?: Partial<RetryPolicy>;
  readonly policy?: Partial<BalancePolicy>;
  readonly observes?: GatewaySpec['observes'];
}

/** A gateway whose requests go to the first of these first, then to the next. */
async function before(
  t: ExecutionContext,
  endpoints: readonly { readonly id: string; readonly port: number }[],
  hedge: HedgePolicy,
  { retry, policy, observes }: Asked = {},
): Promise<Gateway> {
  const witnesses = [(await startSlow(t)).origin, await startOrigin(t, 'witness')];
  const services = [
    {
      name: 'orders.shop',
      endpoints: inOrder(endpoints),
      policy: { hedge, retry: { ...defaultRetry, ...retry }, ...policy },
    },
    { name: 'witness.shop', endpoints: inOrder(witnesses), policy: { hedge } },
  ];
  return startGateway(t, { cluster: 'dc1', services, ...(observes && { observes }) });
}

function inOrder<T extends object>(endpoints: readonly T[]): readonly (T & { zone: string })[] {
  return endpoints.map((endpoint, i) => ({ ...endpoint, zone: i === 0 ? 'a' : 'b' }));
}

/** Resolves when whatever has waited so far would have been hedged: what came later is. */
async function whenDue({ url }: Gateway): Promise<void> {
  await ask(url, 'witness.shop.acme');
}

function hedgesOf({ proxy }: Gateway): number {
  const { retried } = proxy.recorder.snapshot();
  const isOurs = ({ service, reason }: (typeof retried)[number]) =>
    service === 'orders.shop' && reason === 'hedge';
  return retried.find(isOurs)?.retries ?? 0;
}

test('a copy that is slow: after the delay another one is asked, and its answer is the answer; the slow one hears that nobody waits', async (t) => {
  const { origin, gone } = await startSlow(t);
  const good = await startOrigin(t, 'good');
  const spans: SpanRecord[] = [];
  const told = { spans: (more: readonly SpanRecord[]) => void spans.push(...more) };
  const gateway = await before(t, [origin, good], soon, {
    observes: { traced: 1, logged: 0, told: { ...told, exemplar() {}, access() {} } },
  });
  const startedAt = performance.now();
  t.is((await ask(gateway.url, host)).body, 'good');
  t.true(performance.now() - startedAt >= soon.delayMs);
  await until('the slow one to be given up', () => gone.length === 1);
  t.is(hedgesOf(gateway), 1);
  await until('its trace', () => spans.length === 3);
  const tries = spans.filter(({ kind }) => kind === 'client').map((span) => span.attributes);
  t.deepEqual(
    tries.map((one) => [
      one['isthmus.endpoint'],
      one['http.request.resend_count'],
      one['error.type'],
    ]),
    [
      ['slow', undefined, 'abandoned'],
      ['good', 1, undefined],
    ],
  );
});

test('a slow copy that answers before the other does wins', async (t) => {
  const first = await startSlow(t, 'first');
  const second = await startSlow(t, 'second');
  const gateway = await before(t, [first.origin, second.origin], soon);
  const answer = ask(gateway.url, host);
  await until('the second to be asked', () => second.held.length === 1);
  first.held[0]?.end('first');
  t.is((await answer).body, 'first');
  await until('the second to be given up', () => second.gone.length === 1);
});

test('whoever loses is not ejected for it, and the next request is hedged again', async (t) => {
  const { origin, gone } = await startSlow(t);
  const good = await startOrigin(t, 'good');
  const gateway = await before(
    t,
    [origin, good],
    { delayMs: 10, maxTries: 2 },
    {
      retry: { budgetPercent: 100 },
    },
  );
  for (let i = 0; i < 8; i++) t.is((await ask(gateway.url, host)).body, 'good');
  await until('all to be given up', () => gone.length === 8);
  t.is(gateway.routes.find(host)?.balancer.state().ejected.size, 0);
});

test('a budget that is spent, or a breaker that takes no retries: the slow copy is waited for', async (t) => {
  for (const limits of [
    { retry: { budgetPercent: 0, minPerSecond: 0 } },
    { policy: { breakers: { ...defaultBreakers, maxRetries: 1 } } },
  ]) {
    const { origin, held } = await startSlow(t);
    const other = await startSlow(t, 'other');
    const gateway = await before(t, [origin, other.origin], { delayMs: 10, maxTries: 2 }, limits);
    const isOfBudget = 'retry' in limits;
    const answers: Promise<unknown>[] = [];
    if (!isOfBudget) {
      answers.push(ask(gateway.url, host));
      await until('one to be hedged', () => other.held.length === 1);
    }
    const hedged = hedgesOf(gateway);
    const seen = held.length;
    const answer = ask(gateway.url, host);
    await until('the request to be there', () => held.length === seen + 1);
    await whenDue(gateway);
    t.is(hedgesOf(gateway), hedged);
    for (const response of held) response.end('slow');
    t.is((await answer).body, 'slow');
    await Promise.all(answers);
  }
});

test('a POST is never hedged, nor a PUT, which would overtake what follows it; where nonIdempotent says that it does no harm, it is', async (t) => {
  for (const [method, nonIdempotent, expected] of [
    ['POST', false, 'slow'],
    ['PUT', false, 'slow'],
    ['POST', true, 'good'],
  ] as const) {
    const { origin, held } = await startSlow(t);
    const bodies: string[] = [];
    const good = await startOrigin(t, 'good', async (request, response) => {
      bodies.push((await request.toArray()).join(''));
      response.end('good');
    });
    const gateway = await before(
      t,
      [origin, good],
      { delayMs: 10, maxTries: 2 },
      {
        retry: { nonIdempotent },
      },
    );
    const answer = ask(gateway.url, host, '-X', method, '-d', 'x=1');
    await until('the request to be there', () => held.length === 1);
    if (expected === 'slow') {
      await whenDue(gateway);
      held[0]?.end('slow');
    }
    t.is((await answer).body, expected);
    t.deepEqual(bodies, expected === 'good' ? ['x=1'] : []);
  }
});

test('a hedge that fails, or is answered as retries would not take it, loses: the first goes on being waited for', async (t) => {
  for (const fail of [
    (response: ServerResponse) => void response.writeHead(503).end(),
    (response: ServerResponse) => void response.destroy(),
  ]) {
    const { origin, held } = await startSlow(t);
    const bad = await startOrigin(t, 'bad', (_, response) => fail(response));
    const gateway = await before(t, [origin, bad], soon);
    const answer = ask(gateway.url, host);
    await until('the hedge to be made', () => bad.requests.length === 1);
    held[0]?.end('slow');
    t.is((await answer).body, 'slow');
  }
});

test('a first try that fails while a hedge runs is not made once more: the hedge goes on in its place', async (t) => {
  const first = await startSlow(t, 'first');
  const second = await startSlow(t, 'second');
  const gateway = await before(t, [first.origin, second.origin], soon, { retry: { maxTries: 1 } });
  const answer = ask(gateway.url, host);
  await until('the second to be asked', () => second.held.length === 1);
  first.held[0]?.writeHead(503).end();
  second.held[0]?.end('second');
  t.is((await answer).body, 'second');
  t.is(first.held.length + second.held.length, 2);
});

test('maxTries 3: two hedges run beside the first, no more', async (t) => {
  const slow = await Promise.all(['a', 'b', 'c', 'd'].map((id) => startSlow(t, id)));
  const origins = slow.map(({ origin }) => origin);
  const gateway = await before(t, origins, { delayMs: 10, maxTries: 3 });
  const asked = () => slow.reduce((sum, { held }) => sum + held.length, 0);
  const answer = ask(gateway.url, host);
  await until('three to be asked', () => asked() === 3);
  await whenDue(gateway);
  t.is(asked(), 3);
  slow.find(({ held }) => held.length > 0 && held[0])?.held[0]?.end('one');
  t.is((await answer).body, 'one');
  await until(
    'the others to be given up',
    () => slow.reduce((sum, { gone }) => sum + gone.length, 0) === 2,
  );
});

test('a client that leaves takes all tries with it', async (t) => {
  const first = await startSlow(t, 'first');
  const second = await startSlow(t, 'second');
  const { url } = await before(t, [first.origin, second.origin], soon);
  const leaving = request(url, { headers: { host } }).end();
  leaving.on('error', () => undefined);
  await until('the second to be asked', () => second.held.length === 1);
  leaving.socket?.resetAndDestroy();
  const isOver = () => first.gone.length === 1 && second.gone.length === 1;
  await until('both to be given up', isOver);
  t.pass();
});

test('without another copy here the hedge goes to another cluster; that one, asked for nothing more, hears that nobody waits', async (t) => {
  const near = await startSlow(t);
  const far = await startSlow(t, 'far');
  const there = await startGateway(t, {
    cluster: 'dc2',
    services: [{ name: 'orders.shop', endpoints: [far.origin] }],
  });
  const here = await startGateway(t, {
    cluster: 'dc1',
    services: [
      {
        name: 'orders.shop',
        endpoints: [near.origin],
        elsewhere: { dc2: 1 },
        policy: { hedge: soon },
      },
    ],
  });
  connect(here, there);
  await until('the link to be up', () => here.links.state(there.cluster).state === 'up');
  const won = ask(here.url, host);
  await until('the other cluster to be asked', () => far.held.length === 1);
  far.held[0]?.end('far');
  const answer = await won;
  t.is(answer.body, 'far');
  await until('the near one to be given up', () => near.gone.length === 1);
  const lost = ask(here.url, host);
  await until('the other cluster to be asked again', () => far.held.length === 2);
  near.held[1]?.end('near');
  t.is((await lost).body, 'near');
  await until('the far endpoint to be given up', () => far.gone.length === 1);
  t.is(here.routes.find(host)?.balancer.state().ejected.size, 0);
});

test('clients of HTTP/2 and of gRPC are hedged alike, and a stream that loses is reset', async (t) => {
  const resets: number[] = [];
  let asked = 0;
  const slow = await startHttp2Origin(t, 'slow', (stream) => {
    asked++;
    stream.on('close', () => resets.push(stream.rstCode));
  });
  const good = await startHttp2Origin(t, 'good', (stream) => {
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc' },
      { waitForTrailers: true },
    );
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end('good');
  });
  const endpoints = [
    { ...slow, zone: 'a' },
    { ...good, zone: 'b' },
  ];
  const policy = { hedge: soon, retry: { ...defaultRetry, nonIdempotent: true } };
  const services = [{ name: 'orders.shop', protocol: 'grpc', endpoints, policy } as const];
  const { url } = await startGateway(t, { cluster: 'dc1', services });
  const http2 = '--http2-prior-knowledge';
  t.regex((await ask(url, host, http2)).body, /^good/);
  const grpc = ['-X', 'POST', '-H', 'content-type: application/grpc', '-d', 'x'];
  t.regex((await ask(url, host, http2, ...grpc)).body, /^good/);
  await until('both to be reset', () => resets.length === 2);
  t.deepEqual([asked, ...resets], [2, 8, 8]);
});

test('a client that came with a token of its endpoint waits for that', async (t) => {
  const slow = await startSlow(t);
  const good = await startOrigin(t, 'good');
  const affinity = { by: 'header', name: 'x-stay', failover: true } as const;
  const gateway = await before(
    t,
    [slow.origin, good],
    { delayMs: 10, maxTries: 2 },
    {
      policy: { affinity },
    },
  );
  const first = ask(gateway.url, host, '-X', 'POST');
  await until('it to be asked', () => slow.held.length === 1);
  slow.held[0]?.end('slow');
  const token = (await first).headers['x-stay'] ?? '';
  const back = ask(gateway.url, host, '-H', `x-stay: ${token}`);
  await until('it to be asked again', () => slow.held.length === 2);
  await whenDue(gateway);
  slow.held[1]?.end('slow');
  t.is((await back).body, 'slow');
  t.is(hedgesOf(gateway), 0);
});

test('an upload that is not whole is not hedged, nor one that was answered before it was', async (t) => {
  const good = await startOrigin(t, 'good');
  const held: ServerResponse[] = [];
  const early = await startOrigin(t, 'early', (request, response) => {
    request.resume();
    response.write('ea');
    request.on('end', () => held.push(response));
  });
  const gateway = await before(
    t,
    [early, good],
    { delayMs: 10, maxTries: 2 },
    {
      retry: { nonIdempotent: true },
    },
  );
  const client = request(gateway.url, { method: 'POST', headers: { host } });
  client.write('first half');
  const [response] = await once(client, 'response');
  client.end('second half');
  await until('it to be whole', () => held.length === 1);
  await whenDue(gateway);
  held[0]?.end('rly');
  t.is((await response.toArray()).join(''), 'early');
  t.is(hedgesOf(gateway), 0);
  t.is(good.requests.length, 0);
});
