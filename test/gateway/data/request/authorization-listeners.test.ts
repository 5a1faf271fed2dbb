/** Specifies who may ask for what, at the listeners: where a request comes in, at the cluster that serves it, and while it is under way. */
import { once } from 'node:events';
import { get, request } from 'node:http';
import { status } from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { say } from '../../../support/grpc-call.ts';
import { echoClient, startEchoServer } from '../../../support/grpc-echo.ts';
import { endOf, startTcpService } from '../../../support/tcp-service.ts';
import { until } from '../../../support/until.ts';
import { startEdge } from '../listen/edge-scene.ts';
import { policy } from './authorizing.ts';
import { ask } from './http.ts';
import {
  connect,
  type Gateway,
  govern,
  type ServiceSpec,
  startGateway,
  startOrigin,
} from './scene.ts';

const host = 'orders.shop.acme';
const readOnly = policy('read-only', { rules: [{ to: [{ operation: { methods: ['GET'] } }] }] });
const notDc1 = policy('not-dc1', {
  action: 'DENY',
  rules: [{ from: [{ source: { clusters: ['dc1'] } }] }],
});

/** Decisions of policies that were counted, as `name outcome`. */
function decisions({ proxy }: Gateway): string[] {
  return proxy.recorder
    .snapshot()
    .decided.map(({ policy: by, outcome, requests }) => `${by} ${outcome} ${requests}`);
}

/** A gateway that has nothing of its own, before others that serve. */
async function before(
  t: ExecutionContext,
  near: Omit<ServiceSpec, 'name'>,
  others: Readonly<Record<string, Omit<ServiceSpec, 'name'>>>,
): Promise<{ readonly near: Gateway; readonly far: readonly Gateway[] }> {
  const name = 'orders.shop';
  const elsewhere = Object.fromEntries(Object.keys(others).map((cluster) => [cluster, 1]));
  const gateway = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name, elsewhere, ...near }],
  });
  const far: Gateway[] = [];
  for (const [cluster, service] of Object.entries(others)) {
    const other = await startGateway(t, { cluster, services: [{ name, ...service }] });
    connect(gateway, other);
    await until('the link', () => gateway.links.state(other.cluster).state === 'up');
    far.push(other);
  }
  return { near: gateway, far };
}

test('what no policy allows is answered 403 where it comes in, reaches no endpoint, and is counted by policy', async (t) => {
  const origin = await startOrigin(t, 'orders-1');
  const gateway = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [origin], policies: [readOnly] }],
  });
  for (const flag of ['--http1.1', '--http2-prior-knowledge']) {
    t.is((await ask(gateway.url, host, flag)).status, 200);
    const refused = await ask(gateway.url, host, flag, '-X', 'DELETE');
    t.is(refused.status, 403);
    t.like(JSON.parse(refused.body), { code: 'ACCESS_DENIED' });
    t.notRegex(
      refused.body + JSON.stringify(refused.headers),
      /read-only/,
      'security: the rule is not told',
    );
  }
  t.is(origin.requests.length, 2);
  t.deepEqual(decisions(gateway), ['Authorization/shop/read-only denied 2']);
});

test('security: a cluster refuses what its own policy denies, whatever the calling gateway let through, and no other is asked instead', async (t) => {
  const [denying, other] = await Promise.all([startOrigin(t, 'dc2-1'), startOrigin(t, 'dc3-1')]);
  const clusterOrder = ['dc2', 'dc3'] as unknown as NonNullable<
    ServiceSpec['policy']
  >['clusterOrder'];
  const { near, far } = await before(
    t,
    { policy: { ...(clusterOrder && { clusterOrder }) } },
    {
      dc2: { endpoints: [denying], policies: [notDc1] },
      dc3: { endpoints: [other] },
    },
  );
  const refused = await ask(near.url, host);
  t.is(refused.status, 403);
  t.like(JSON.parse(refused.body), { code: 'ACCESS_DENIED' });
  t.notRegex(refused.body, /not-dc1/);
  t.is(denying.requests.length + other.requests.length, 0);
  t.deepEqual(far.map(decisions), [['Authorization/shop/not-dc1 denied 1'], []]);
  const own = far[0] as Gateway;
  t.is((await ask(own.url, host)).status, 200, 'its own clients are not of dc1');
});

test("security: the calling gateway's own policy holds for its clients, and its name for a caller is not believed for another cluster's", async (t) => {
  const origin = await startOrigin(t, 'dc2-1');
  const governing = [notDc1];
  const { near } = await before(t, { policies: governing }, { dc2: { endpoints: [origin] } });
  const forged = [
    '-H',
    'X-Isthmus-Source-Cluster: dc2',
    '-H',
    'X-Forwarded-Client-Cert: URI=spiffe://dc2.acme/a',
  ];
  t.is((await ask(near.url, host, ...forged)).status, 403);
  t.is(origin.requests.length, 0);
});

test('a call of gRPC that is refused ends with PERMISSION_DENIED, here and in another cluster', async (t) => {
  const service = { protocol: 'grpc' } as const;
  const echo = await startEchoServer(t);
  const endpoints = [{ id: 'echo-1', port: Number(echo.address.split(':')[1]) }];
  const path = '/isthmus.test.Echo/Say';
  const no = policy('no-say', {
    action: 'DENY',
    rules: [{ to: [{ operation: { paths: [path, '*/Say'] } }] }],
  });
  for (const [near, far] of [
    [[no], []],
    [[], [no]],
  ]) {
    const scene = await before(
      t,
      { ...service, policies: near ?? [] },
      { dc2: { ...service, endpoints, policies: far ?? [] } },
    );
    const client = echoClient(t, scene.near.outbound.address, host);
    t.is((await say(client, { text: 'hello' })).code, status.PERMISSION_DENIED);
  }
});

test('a TCP connection that is refused is reset, and reaches no endpoint', async (t) => {
  const service = await startTcpService(t, (socket) => void socket.end('hello'));
  const endpoints = [{ id: 'ledger-1', port: service.port }];
  const spec = { name: 'ledger.shop', protocol: 'tcp', endpoints } as const;
  const gateway = await startGateway(t, { cluster: 'dc1', services: [spec] });
  const { addresses } = await startEdge(t, gateway, { tcp: ['ledger.shop'] });
  const address = addresses['tcp.0'] ?? '';
  t.deepEqual(await endOf(t, address), { kind: 'ended', text: 'hello' });
  govern(gateway, 'ledger.shop', [readOnly]);
  t.like(await endOf(t, address), { kind: 'broken' });
  t.deepEqual(decisions(gateway), ['Authorization/shop/read-only denied 1']);
});

test('what is tried, or audited, is counted and goes on', async (t) => {
  const origin = await startOrigin(t, 'orders-1');
  const look = policy('look', { action: 'AUDIT', rules: [{}] });
  const tried = policy('tried', { action: 'DENY', dryRun: true, rules: [{}] });
  const gateway = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [origin], policies: [look, tried] }],
  });
  t.is((await ask(gateway.url, host)).status, 200);
  t.deepEqual(decisions(gateway), [
    'Authorization/shop/look audited 1',
    'Authorization/shop/tried would-deny 1',
  ]);
});

for (const isFar of [false, true]) {
  test(`an answer under way ${isFar ? 'from another cluster ' : ''}goes on under a DENY that comes, unless that closes what is open; new requests are refused at once`, async (t) => {
    const origin = await startOrigin(t, 'events', (_, response) => {
      response.setHeader('content-type', 'text/event-stream');
      response.write('data: 1\n\n');
    });
    const endpoints = [origin];
    const { near, far } = isFar
      ? await before(t, {}, { dc2: { endpoints } })
      : {
          near: await startGateway(t, {
            cluster: 'dc1',
            services: [{ name: 'orders.shop', endpoints }],
          }),
          far: [],
        };
    const serving = far[0] ?? near;
    const asked = get(near.url, { headers: { host }, agent: false });
    const [answer] = await once(asked, 'response');
    await once(answer, 'data');
    const closed = once(answer, 'error');
    govern(serving, 'orders.shop', [notDc1]);
    t.is((await ask(near.url, host)).status, 403);
    t.false(answer.destroyed, 'it is kept');
    const closing = policy('closing', { ...notDc1.spec, openConnections: 'close' });
    govern(serving, 'orders.shop', [closing]);
    await closed;
    t.true(decisions(serving).includes('Authorization/shop/closing closed 1'));
    t.true(serving.proxy.recorder.snapshot().refused.some(({ code }) => code === 'ACCESS_DENIED'));
  });
}

for (const isFar of [false, true]) {
  test(`a request under way ${isFar ? 'to another cluster ' : ''}whose length nobody announced goes on under a DENY that comes, unless that closes what is open`, async (t) => {
    const heard: string[] = [];
    const origin = await startOrigin(t, 'uploads', (asked) => {
      asked.on('data', (piece) => heard.push(String(piece)));
    });
    const endpoints = [origin];
    const { near, far } = isFar
      ? await before(t, {}, { dc2: { endpoints } })
      : {
          near: await startGateway(t, {
            cluster: 'dc1',
            services: [{ name: 'orders.shop', endpoints }],
          }),
          far: [],
        };
    const serving = far[0] ?? near;
    const upload = request(near.url, { method: 'POST', headers: { host }, agent: false });
    upload.write('one');
    await until('the first piece', () => heard.join('') === 'one');
    govern(serving, 'orders.shop', [notDc1]);
    upload.write('two');
    await until('the second piece', () => heard.join('') === 'onetwo');
    const answered = once(upload, 'response');
    const closing = policy('closing', { ...notDc1.spec, openConnections: 'close' });
    govern(serving, 'orders.shop', [closing]);
    const [answer] = await answered;
    t.is(answer.statusCode, 403);
    t.true(decisions(serving).includes('Authorization/shop/closing closed 1'));
    upload.destroy();
  });
}
