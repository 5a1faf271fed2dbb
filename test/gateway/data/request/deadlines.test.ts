/** Specifies that a client's own deadline is kept, shrinks at each hop, and that nobody is sent what is late already. */
import { status } from '@grpc/grpc-js';
import test from 'ava';
import { deadlineOf } from '../../../../gateway/data/request/forward/deadline.ts';
import { defaultBalance } from '../../../../policy/traffic-policy.ts';
import { startDeafPort } from '../../../support/deaf-port.ts';
import { metadataOf, say } from '../../../support/grpc-call.ts';
import { echoClient, startEchoServer } from '../../../support/grpc-echo.ts';
import { until } from '../../../support/until.ts';
import { ask } from './http.ts';
import { connect, startGateway, startHttp2Origin, startOrigin } from './scene.ts';

const host = 'orders.shop.acme';
const header = 'x-request-timeout-ms';
const outlier = { ...defaultBalance.outlier, consecutive5xx: 0, consecutiveGatewayFailure: 0 };

test('the sooner of both fields holds, and what is no whole number of milliseconds says nothing', (t) => {
  const fieldsOf = (fields: Readonly<Record<string, string>>) =>
    ({ get: (name: string) => fields[name] }) as never;
  for (const [isGrpc, fields, endsAt] of [
    [false, {}, undefined],
    [false, { [header]: '250' }, 1250],
    [false, { [header]: '0' }, 1000],
    [false, { [header]: '1.5' }, undefined],
    [false, { [header]: '-1' }, undefined],
    [false, { [header]: '2s' }, undefined],
    [false, { [header]: '99999999999' }, undefined],
    [false, { 'grpc-timeout': '1S' }, undefined],
    [true, { 'grpc-timeout': '1S' }, 2000],
    [true, { 'grpc-timeout': '1S', [header]: '300' }, 1300],
    [true, { 'grpc-timeout': '100m', [header]: '300' }, 1100],
  ] as const) {
    const head = { fields: fieldsOf(fields), tunnel: undefined } as never;
    t.is(deadlineOf(head, isGrpc, header, 1000)?.endsAt, endsAt, JSON.stringify(fields));
  }
});

test('what is left goes on: the time that a first try took is gone for the next, in the next cluster and beyond', async (t) => {
  const busy = await startOrigin(t, 'busy', (_, response) => {
    setTimeout(() => response.writeHead(503).end(), 200);
  });
  const good = await startOrigin(t, 'good');
  const timeouts = { deadlineHeader: header };
  const policy = { outlier };
  const [near, far] = await Promise.all([
    startGateway(t, {
      cluster: 'dc1',
      services: [
        { name: 'orders.shop', endpoints: [busy], elsewhere: { dc2: 1 }, timeouts, policy },
      ],
    }),
    startGateway(t, {
      cluster: 'dc2',
      services: [{ name: 'orders.shop', endpoints: [good], timeouts }],
    }),
  ]);
  connect(near, far);
  await until('the link to be up', () => near.links.state(far.cluster).state === 'up');
  t.is((await ask(near.url, host, '-H', `${header}: 20000`)).body, 'good');
  t.is(busy.requests[0]?.headers[header], '20000');
  const left = Number(good.requests[0]?.headers[header]);
  t.true(left > 0 && left <= 19_801, String(left));
});

test('a request whose time is over is refused before it is sent, and one whose time ends is given up', async (t) => {
  const slow = await startOrigin(t, 'slow', () => undefined);
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [
      { name: 'orders.shop', endpoints: [slow], timeouts: { deadlineHeader: header } },
      { name: 'other.shop', endpoints: [slow], timeouts: { requestMs: 100 } },
    ],
  });
  const late = await ask(url, host, '-H', `${header}: 0`);
  t.is(late.status, 504);
  t.like(JSON.parse(late.body), { code: 'DEADLINE_EXCEEDED' });
  t.is(slow.requests.length, 0);
  const ended = await ask(url, host, '-H', `${header}: 100`);
  t.is(ended.status, 504);
  t.like(JSON.parse(ended.body), { code: 'UPSTREAM_TIMED_OUT' });
  t.is(slow.requests.length, 1);
  const unnamed = await ask(url, 'other.shop.acme', '-H', `${header}: 0`);
  t.like(JSON.parse(unnamed.body), { code: 'UPSTREAM_TIMED_OUT' });
  t.is(slow.requests.length, 2);
});

test('grpc-timeout shrinks by what a first try took, and late calls end with gRPC status 4 unsent', async (t) => {
  const server = await startEchoServer(t);
  const port = Number(server.address.split(':')[1]);
  const deaf = { id: 'deaf', port: await startDeafPort(t) };
  const service = { name: 'orders.shop', protocol: 'grpc' } as const;
  const [near, far] = await Promise.all([
    startGateway(t, {
      cluster: 'dc1',
      services: [
        {
          ...service,
          endpoints: [deaf],
          elsewhere: { dc2: 1 },
          timeouts: { connectMs: 300 },
          policy: { outlier },
        },
      ],
    }),
    startGateway(t, {
      cluster: 'dc2',
      services: [{ ...service, endpoints: [{ id: 'echo', port }] }],
    }),
  ]);
  connect(near, far);
  await until('the link to be up', () => near.links.state(far.cluster).state === 'up');
  const client = echoClient(t, new URL(near.url).host, host);
  const { code } = await say(client, { text: 'hello' }, { deadlineMs: 20_000 });
  t.is(code, status.OK);
  t.true(server.lastTimeLeft <= 19_710, String(server.lastTimeLeft));
  const call = ['--http2-prior-knowledge', '-X', 'POST', '-H', 'content-type: application/grpc'];
  const late = await ask(near.url, host, ...call, '-H', 'grpc-timeout: 0m');
  t.is(late.headers['grpc-status'], String(status.DEADLINE_EXCEEDED));
  t.regex(late.headers['grpc-message'] ?? '', /^DEADLINE_EXCEEDED/);
});

test("a grpc-js client's own retries, cancellation and deadline reach the service through two gateways", async (t) => {
  const server = await startEchoServer(t);
  const port = Number(server.address.split(':')[1]);
  /** The `grpc-previous-rpc-attempts` of each call of a service that is never there. */
  const attempts: unknown[] = [];
  const busy = await startHttp2Origin(t, 'busy', (stream, fields) => {
    attempts.push(fields['grpc-previous-rpc-attempts']);
    const head = { 'content-type': 'application/grpc', 'grpc-status': status.UNAVAILABLE };
    stream.respond(head, { endStream: true });
  });
  const service = { name: 'orders.shop', protocol: 'grpc' } as const;
  const [near, far] = await Promise.all([
    startGateway(t, {
      cluster: 'dc1',
      services: [
        { ...service, elsewhere: { dc2: 1 } },
        { ...service, name: 'busy.shop', elsewhere: { dc2: 1 } },
      ],
    }),
    startGateway(t, {
      cluster: 'dc2',
      services: [
        { ...service, endpoints: [{ id: 'echo', port }] },
        { ...service, name: 'busy.shop', endpoints: [busy], policy: { outlier } },
      ],
    }),
  ]);
  connect(near, far);
  await until('the link to be up', () => near.links.state(far.cluster).state === 'up');
  const retryPolicy = {
    maxAttempts: 3,
    initialBackoff: '0.01s',
    maxBackoff: '0.02s',
    backoffMultiplier: 1,
    retryableStatusCodes: ['UNAVAILABLE'],
  };
  const retries = {
    'grpc.service_config': JSON.stringify({ methodConfig: [{ name: [{}], retryPolicy }] }),
  };
  const client = echoClient(t, new URL(near.url).host, host, retries);
  const unavailable = echoClient(t, new URL(near.url).host, 'busy.shop.acme', retries);
  t.is((await say(unavailable, { text: 'x' })).code, status.UNAVAILABLE);
  t.deepEqual(attempts, [undefined, '1', '2']);

  const waits = { metadata: { wait: 'forever' } };
  const late = await say(client, { text: 'x' }, { ...waits, deadlineMs: 500 });
  t.is(late.code, status.DEADLINE_EXCEEDED);
  await until('the service to hear that time is up', () => server.waiting === 0);

  const call = client.Count({ to: 1 }, metadataOf(waits), {});
  call.on('error', () => undefined);
  await until('the service to be asked', () => server.waiting === 1);
  call.cancel();
  await until('the service to hear of it', () => server.waiting === 0);
});
