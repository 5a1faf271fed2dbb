/** Specifies how requests are looked at: trace context on its way, spans for hops and tries, lines of the access log. */
import type { IncomingHttpHeaders } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import type { AccessRecord } from '../../../../gateway/data/observe/access-line.ts';
import type { ExemplarRecord } from '../../../../gateway/data/observe/observed.ts';
import type { SpanRecord } from '../../../../gateway/data/observe/span.ts';
import { parseTraceParent } from '../../../../gateway/data/observe/trace-context.ts';
import { until } from '../../../support/until.ts';
import { ask, dial, raw } from './http.ts';
import { closedPort, connect, startGateway, startOrigin } from './scene.ts';

const host = 'orders.shop.acme';
const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

/** What is told of requests. */
function listening(traced: number | undefined, logged = 0) {
  const spans: SpanRecord[] = [];
  const exemplars: ExemplarRecord[] = [];
  const lines: AccessRecord[] = [];
  return {
    ...{ spans, exemplars, lines },
    observes: {
      traced,
      logged,
      told: {
        spans: (told: readonly SpanRecord[]) => void spans.push(...told),
        exemplar: (told: ExemplarRecord) => void exemplars.push(told),
        access: (told: AccessRecord) => void lines.push(told),
      },
    },
  };
}

/** One gateway before one endpoint; resolves to what the endpoint heard of a request with these fields. */
async function heard(
  t: ExecutionContext,
  traced: number | undefined,
  ...fields: readonly string[]
): Promise<{ headers: IncomingHttpHeaders; spans: readonly SpanRecord[] }> {
  const origin = await startOrigin(t, 'one');
  const { spans, observes } = listening(traced);
  const services = [{ name: 'orders.shop', endpoints: [origin] }];
  const { url } = await startGateway(t, { cluster: 'dc1', services, observes });
  const args = fields.flatMap((field) => ['-H', field]);
  t.is((await ask(url, host, ...args)).status, 200);
  return { headers: origin.requests[0]?.headers ?? {}, spans };
}

test('where nothing is traced, trace context passes untouched, whatever it says', async (t) => {
  const { headers } = await heard(t, undefined, 'traceparent: nonsense', 'tracestate: a=b');
  t.is(headers['traceparent'], 'nonsense');
  t.is(headers['tracestate'], 'a=b');
});

test('a trace that its sender does not record passes untouched', async (t) => {
  const said = `00-${traceId}-${spanId}-00`;
  const { headers, spans } = await heard(t, 1, `traceparent: ${said}`, 'tracestate: a=b');
  t.is(headers['traceparent'], said);
  t.is(headers['tracestate'], 'a=b');
  t.deepEqual(spans, []);
});

test('a trace that its sender records goes on, whatever the share: the endpoint is a child of the try', async (t) => {
  const { headers, spans } = await heard(
    t,
    0,
    `traceparent: 00-${traceId}-${spanId}-01`,
    'tracestate: a=b',
  );
  t.is(headers['tracestate'], 'a=b');
  const [hop, attempt] = spans;
  t.like(hop, { traceId, parentId: spanId, kind: 'server', name: 'GET orders.shop' });
  t.like(attempt, { traceId, parentId: hop?.spanId, kind: 'client' });
  t.is(headers['traceparent'], `00-${traceId}-${attempt?.spanId}-01`);
});

test('a trace that begins here and is not recorded says so, for all that follows', async (t) => {
  const { headers, spans } = await heard(t, 0);
  t.false(parseTraceParent(headers['traceparent'] as string)?.isSampled);
  t.deepEqual(spans, []);
});

for (const [what, fields] of [
  ['a traceparent that says nothing', ['traceparent: nonsense', 'tracestate: a=b']],
  [
    'two of them',
    [`traceparent: 00-${traceId}-${spanId}-01`, `traceparent: 00-${traceId}-${spanId}-00`],
  ],
  ['a tracestate without one', ['tracestate: a=b']],
] as const) {
  test(`a trace begins anew: ${what}`, async (t) => {
    const { headers, spans } = await heard(t, 1, ...fields);
    const said = parseTraceParent(headers['traceparent'] as string);
    t.not(said?.traceId, traceId);
    t.true(said?.isSampled);
    t.is(headers['tracestate'], undefined);
    t.is(spans[0]?.parentId, undefined);
  });
}

test('each try is a span, and those that failed say so', async (t) => {
  const alive = await startOrigin(t, 'alive');
  const dead = { id: 'dead', port: await closedPort() };
  const { spans, exemplars, observes } = listening(1);
  const services = [{ name: 'orders.shop', endpoints: [dead, alive] }];
  const { url } = await startGateway(t, { cluster: 'dc1', services, observes });
  await until('the dead endpoint to be tried first', async () => {
    spans.length = 0;
    exemplars.length = 0;
    t.is((await ask(`${url}/cart?token=secret`, host)).status, 200);
    return spans.length === 3;
  });
  const [hop, first, second] = spans;
  t.like(hop, {
    error: undefined,
    attributes: {
      'http.request.method': 'GET',
      'url.path': '/cart',
      'http.response.status_code': 200,
      'isthmus.endpoint': 'alive',
      'isthmus.tries': 2,
    },
  });
  t.like(first, { parentId: hop?.spanId, error: 'unsent' });
  t.like(first?.attributes, { 'isthmus.endpoint': 'dead', 'server.port': dead.port });
  t.like(second, { parentId: hop?.spanId, error: undefined });
  t.like(second?.attributes, { 'http.request.resend_count': 1, 'isthmus.endpoint': 'alive' });
  t.true((first?.endedAt ?? 0) <= (second?.startedAt ?? 0));
  t.true((second?.endedAt ?? 0) <= (hop?.endedAt ?? 0));
  t.like(exemplars, [{ traceId: hop?.traceId, spanId: hop?.spanId }]);
  t.false(JSON.stringify(spans).includes('secret'));
});

test('a request that nobody can take is a hop without tries, and an error', async (t) => {
  const { spans, lines, observes } = listening(1, 1);
  const services = [{ name: 'orders.shop' }];
  const { url } = await startGateway(t, { cluster: 'dc1', services, observes });
  t.is((await ask(url, host)).status, 503);
  t.is((await ask(url, 'nobody.shop.acme')).status, 404);
  t.like(spans, [
    { name: 'GET orders.shop', error: 'NO_HEALTHY_ENDPOINT' },
    { name: 'GET', error: undefined },
  ]);
  t.like(lines, [
    { service: 'orders.shop', status: 503, code: 'NO_HEALTHY_ENDPOINT', tries: 0 },
    { service: undefined, status: 404, code: 'ROUTE_NOT_FOUND', tries: 0 },
  ]);
});

test('a request across clusters has a line in each, with the decision of each', async (t) => {
  const origin = await startOrigin(t, 'far', (request, response) => void request.pipe(response));
  const near = listening(undefined, 1);
  const far = listening(undefined, 1);
  const dc1 = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', elsewhere: { dc2: 1 } }],
    observes: near.observes,
  });
  const dc2 = await startGateway(t, {
    cluster: 'dc2',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
    observes: far.observes,
  });
  connect(dc1, dc2);
  await until('the link to be up', () => dc1.links.state(dc2.cluster).state === 'up');
  const said = `00-${traceId}-${spanId}-01`;
  const answer = await ask(
    `${dc1.url}/cart?token=secret`,
    host,
    ...['-d', 'hello', '-H', 'x-request-id: id-1', '-H', `traceparent: ${said}`],
  );
  t.is(answer.body, 'hello');
  await until('both lines', () => near.lines.length === 1 && far.lines.length === 1);
  const same = {
    service: 'orders.shop',
    source: 'dc1',
    method: 'POST',
    path: '/cart',
    status: 200,
    code: undefined,
    cluster: 'dc2',
    endpoint: 'far',
    tries: 1,
    requestBytes: 5,
    responseBytes: 5,
    requestId: 'id-1',
    traceId,
  };
  t.like(near.lines[0], { ...same, tier: 'cluster', protocol: '1.1', client: '127.0.0.1' });
  t.like(far.lines[0], { ...same, tier: 'zone', protocol: '2' });
  const { ms = 0, headMs = 0 } = near.lines[0] ?? {};
  t.true(headMs > 0 && ms >= headMs);
});

test('of the traces that begin here about the share asked for is recorded', async (t) => {
  const origin = await startOrigin(t, 'one');
  const { spans, observes } = listening(0.5);
  const services = [{ name: 'orders.shop', endpoints: [origin] }];
  const { url } = await startGateway(t, { cluster: 'dc1', services, observes });
  const urls = Array.from({ length: 200 }, () => url);
  t.is((await ask(url, host, ...urls)).status, 200);
  const hops = spans.filter(({ kind }) => kind === 'server').length;
  t.true(hops > 50 && hops < 150, `${hops} of 201`);
  const recorded = origin.requests.filter(
    ({ headers }) => parseTraceParent(headers['traceparent'] as string)?.isSampled,
  );
  t.is(recorded.length, hops, 'the endpoint is told which');
});

test('of a share of the access log about that share has a line', async (t) => {
  const origin = await startOrigin(t, 'one');
  const { lines, observes } = listening(undefined, 0.5);
  const services = [{ name: 'orders.shop', endpoints: [origin] }];
  const { url } = await startGateway(t, { cluster: 'dc1', services, observes });
  const urls = Array.from({ length: 200 }, () => url);
  t.is((await ask(url, host, ...urls)).status, 200);
  t.true(lines.length > 50 && lines.length < 150, `${lines.length} of 201`);
});

test('a client that leaves is told of as such', async (t) => {
  const origin = await startOrigin(t, 'slow', () => undefined);
  const { spans, lines, observes } = listening(1, 1);
  const services = [{ name: 'orders.shop', endpoints: [origin] }];
  const { url } = await startGateway(t, { cluster: 'dc1', services, observes });
  const socket = dial(url);
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await until('the request', () => origin.requests.length === 1);
  socket.resetAndDestroy();
  await until('the line', () => lines.length === 1);
  t.like(lines, [{ status: undefined, code: 'CLIENT_GONE', tries: 1 }]);
  t.like(spans, [{ error: 'CLIENT_GONE' }, { error: 'abandoned' }]);
});

test('what could not be read as a request has its line, with the status its client saw', async (t) => {
  const { lines, observes } = listening(undefined, 1);
  const { url, proxy } = await startGateway(t, { cluster: 'dc1', observes });
  await raw(url, 'GARBAGE\r\n\r\n');
  await ask(url, host, '--http2-prior-knowledge', '-H', `X-A: ${'a'.repeat(17_000)}`);
  t.like(lines, [
    { client: '127.0.0.1', protocol: '1.1', status: 400, code: 'REQUEST_REFUSED' },
    { client: '127.0.0.1', protocol: '2', status: 431, code: 'REQUEST_HEAD_TOO_LARGE' },
  ]);
  t.like(proxy.recorder.snapshot().refused, [
    { code: 'REQUEST_REFUSED', requests: 1 },
    { code: 'REQUEST_HEAD_TOO_LARGE', requests: 1 },
  ]);
});

test('a gRPC client that is refused: the line and the span have 200, as it saw, and the status of gRPC', async (t) => {
  const { lines, spans, observes } = listening(1, 1);
  const { url } = await startGateway(t, { cluster: 'dc1', observes });
  const grpc = ['--http2-prior-knowledge', '-H', 'Content-Type: application/grpc', '-X', 'POST'];
  t.is((await ask(url, host, ...grpc)).headers['grpc-status'], '12');
  t.like(lines, [{ status: 200, grpcStatus: 12, code: 'ROUTE_NOT_FOUND' }]);
  const [hop] = spans;
  t.like(hop?.attributes, { 'http.response.status_code': 200, 'rpc.grpc.status_code': 12 });
  t.is(hop?.error, 'ROUTE_NOT_FOUND');
});
