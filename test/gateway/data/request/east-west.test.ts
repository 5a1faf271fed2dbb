/** Specifies requests between clusters: who may ask, for what, and what becomes of refusals. */
import { connect as http2Connect } from 'node:http2';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import { openAuthority } from '../../../../certs/authority.ts';
import { parseSpiffeId, parseTrustDomain } from '../../../../certs/spiffe-id.ts';
import { connectMutualTls } from '../../../../certs/tls.ts';
import { TrustStore } from '../../../../certs/trust-store.ts';
import { parseAddress } from '../../../../core/address.ts';
import { systemClock } from '../../../../core/clock.ts';
import { parseClusterName } from '../../../../core/names.ts';
import { standStill } from '../../../support/stand-still.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { until } from '../../../support/until.ts';
import { Probe, requestFor } from '../link/probe.ts';
import { ask, askInPieces, curl, dial, raw } from './http.ts';
import {
  closedPort,
  connect,
  type Gateway,
  startGateway,
  startHalfAnswer,
  startOrigin,
} from './scene.ts';

const host = 'orders.shop.acme';

/** Two clusters; only the far one has the service. */
async function twoClusters(t: ExecutionContext, far: Parameters<typeof startGateway>[1]) {
  const near = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', elsewhere: { dc2: 1 } }],
  });
  const other = await startGateway(t, far);
  connect(near, other);
  await until('the link is up', () => near.links.state(other.cluster).state === 'up');
  return { near, far: other };
}

/** Sends one request to a gateway's east-west listener as `spiffeId`, whose cluster it trusts. */
async function askAs(
  t: ExecutionContext,
  gateway: Gateway,
  spiffeId: string,
  headers: Record<string, string> = {},
) {
  const id = parseSpiffeId(spiffeId);
  const authority = await openAuthority({
    dir: await tempDir(t),
    trustDomain: id.trustDomain,
    clock: systemClock,
  });
  gateway.trust.set(authority.bundle());
  const trust = new TrustStore();
  trust.set(gateway.authority.bundle());
  const socket = await connectMutualTls({
    ...parseAddress(gateway.eastWest.address),
    identity: await authority.issueLeaf({ id, dnsNames: [] }),
    trust,
    expect: gateway.domain,
    clock: systemClock,
    timeoutMs: 5000,
    alpn: ['h2'],
  });
  const session = http2Connect('https://gateway', { createConnection: () => socket });
  // That it broke is told by its stream.
  session.on('error', () => {});
  socket.on('error', () => {});
  t.teardown(() => session.destroy());
  const stream = session.request({ ':authority': host, ':path': '/', ...headers });
  const responded = new Promise<Record<string, unknown>>((resolve, reject) => {
    stream.on('response', resolve);
    stream.on('error', reject);
  });
  const answer = await responded;
  return { status: answer[':status'], headers: answer, body: await text(stream) };
}

test('a request crosses to the other cluster with its body, and comes back saying who served', async (t) => {
  const origin = await startOrigin(
    t,
    'orders-9',
    (request, response) => void request.pipe(response),
  );
  const { near } = await twoClusters(t, {
    cluster: 'dc2',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  const body = 'b'.repeat(100_000);
  const answer = await ask(near.url, host, '-X', 'POST', '--data-binary', body);
  t.is(answer.status, 200);
  t.is(answer.body, body);
  t.is(answer.headers['x-isthmus-cluster'], 'dc2');
  t.is(answer.headers['x-isthmus-endpoint'], 'orders-9');
  const [seen] = origin.requests;
  t.is(seen?.headers.host, host);
  t.is(seen?.headers.via, '1.1 gw1.dc1 (orders.shop), 2 gw1.dc2 (orders.shop)');
  t.is(seen?.headers['x-forwarded-for'], '127.0.0.1');
  t.deepEqual(
    Object.keys(seen?.headers ?? {}).filter((name) => name.startsWith('x-isthmus-')),
    ['x-isthmus-source-cluster'],
  );
});

test('HEAD, empty and dated responses cross as they are', async (t) => {
  const origin = await startOrigin(t, 'orders-1', (request, response) => {
    response.setHeader('date', 'Thu, 01 Jan 2026 00:00:00 GMT');
    if (request.method === 'HEAD') response.setHeader('content-length', '1234');
    response.statusCode = Number(request.url?.slice(1));
    response.end();
  });
  const { near } = await twoClusters(t, {
    cluster: 'dc2',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  const answer = await raw(
    near.url,
    [
      `HEAD /200 HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
      `GET /204 HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
      `GET /200 HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    ].join(''),
  );
  t.is(answer.match(/HTTP\/1\.1 20/g)?.length, 3);
  t.is(answer.match(/date: /gi)?.length, 3);
  t.is(answer.match(/content-length: 1234/g)?.length, 1);
});

test('a member that is not a gateway is refused', async (t) => {
  const origin = await startOrigin(t, 'orders-1');
  const gateway = await startGateway(t, {
    cluster: 'dc2',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  for (const id of ['ns/shop/sa/orders', 'gateway/gw1/extra', 'admin']) {
    const answer = await askAs(t, gateway, `spiffe://dc1.acme/${id}`);
    t.is(answer.status, 403, id);
    t.like(JSON.parse(answer.body), { code: 'PEER_REFUSED' });
  }
  const foreign = await askAs(t, gateway, 'spiffe://dc1.elsewhere/gateway/gw1');
  t.is(foreign.status, 403);
  t.is(origin.requests.length, 0);
});

test('a malformed request of another gateway is answered as one of a client: it is no failure of this cluster', async (t) => {
  const far = await startGateway(t, { cluster: 'dc2' });
  const gateway = 'spiffe://dc1.acme/gateway/gw1';
  const answer = await askAs(t, far, gateway, { ':authority': `${host}:";for=6.6.6.6;host="x` });
  t.is(answer.status, 400);
  t.like(JSON.parse(answer.body), { code: 'REQUEST_REFUSED', status: 400 });
  t.like(far.proxy.recorder.snapshot().refused, [{ code: 'REQUEST_REFUSED', source: 'dc1' }]);
});

test('a certificate of an unknown cluster gets no connection', async (t) => {
  const gateway = await startGateway(t, { cluster: 'dc2' });
  const stranger = await startGateway(t, { cluster: 'dc1' });
  stranger.join(gateway);
  await until('it is refused', () =>
    gateway.proxy.recorder.snapshot().refused.some(({ code }) => code === 'CERT_UNTRUSTED'),
  );
  await until('the other side knows', () => stranger.links.state(gateway.cluster).state === 'down');
  t.pass();
});

test('a service that is not exported is refused, and nothing reaches it', async (t) => {
  const origin = await startOrigin(t, 'orders-1');
  const gateway = await startGateway(t, {
    cluster: 'dc2',
    services: [{ name: 'orders.shop', endpoints: [origin], exported: false }],
  });
  const answer = await askAs(t, gateway, 'spiffe://dc1.acme/gateway/gw1');
  t.is(answer.status, 404);
  t.like(JSON.parse(answer.body), { code: 'NOT_EXPORTED' });
  t.is(answer.headers['x-isthmus-refused'], 'NOT_EXPORTED');
  t.is((await ask(gateway.url, host)).status, 200);
  t.is(origin.requests.length, 1);
});

test('security: a service that is exported to other clusters is refused to this one whatever its gateway knows, and nothing reaches it', async (t) => {
  const origin = await startOrigin(t, 'orders-1');
  const gateway = await startGateway(t, {
    cluster: 'dc2',
    services: [{ name: 'orders.shop', endpoints: [origin], exportedTo: ['dc3'] }],
  });
  const answer = await askAs(t, gateway, 'spiffe://dc1.acme/gateway/gw1');
  t.is(answer.status, 404);
  const { code, detail } = JSON.parse(answer.body);
  t.is(code, 'NOT_EXPORTED');
  t.regex(detail, /to others than cluster dc1$/);
  t.is(answer.headers['x-isthmus-refused'], 'NOT_EXPORTED');
  t.is(origin.requests.length, 0);
  t.is((await ask(gateway.url, host)).status, 200);
  const { service, ...route } = gateway.routes.get('orders.shop' as never) ?? t.fail();
  gateway.routes.set({ service, ...route, exportedTo: ['dc1' as never] });
  t.is((await askAs(t, gateway, 'spiffe://dc1.acme/gateway/gw1')).status, 200);
});

test('security: a service that is exported by another name is found by that, and by its own only where it is', async (t) => {
  const origin = await startOrigin(t, 'orders-1');
  const gateway = await startGateway(t, {
    cluster: 'dc2',
    services: [{ name: 'books.shop', endpoints: [origin], exportedAs: 'orders.shop' }],
  });
  const dc1 = 'spiffe://dc1.acme/gateway/gw1';
  t.like(await askAs(t, gateway, dc1), { status: 200, body: 'orders-1' });
  const books = { 'x-isthmus-service': 'books.shop' };
  const refused = await askAs(t, gateway, dc1, books);
  t.is(refused.status, 404);
  t.is(JSON.parse(refused.body).code, 'NOT_EXPORTED');
  t.is(origin.requests.length, 1);
  t.is((await ask(gateway.url, 'books.shop.acme')).status, 200);
  t.is((await ask(gateway.url, host)).status, 404);
});

/** What dc2 says of a gateway of dc1 that it has verified. */
const verified = 'By=spiffe://dc2.acme/gateway/gw1;URI=spiffe://dc1.acme/gateway/gw1';

test('security: a service is told which cluster calls by what was verified, and by nothing that the other gateway says', async (t) => {
  const origin = await startOrigin(t, 'orders-1');
  const gateway = await startGateway(t, {
    cluster: 'dc2',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  await askAs(t, gateway, 'spiffe://dc1.acme/gateway/gw1', {
    'x-forwarded-for': '10.0.0.7',
    'x-forwarded-user': 'root',
    x_forwarded_for: '10.6.6.6',
    'x-isthmus-refused': 'DRAINING',
    'x-isthmus-source-cluster': 'dc2',
    x_isthmus_source_cluster: 'dc2',
    'x-forwarded-client-cert': 'By=spiffe://dc1.acme/admin',
    'x-real-ip': '10.6.6.6',
  });
  const headers = origin.requests[0]?.headers ?? {};
  t.is(headers['x-isthmus-source-cluster'], 'dc1');
  t.is(headers['x-forwarded-client-cert'], verified);
  t.is(headers['x-forwarded-for'], '10.0.0.7');
  t.deepEqual(
    Object.keys(headers).filter((name) => /user|_|refused|real/.test(name)),
    [],
  );
});

test("security: the client whose certificate another gateway has verified stands before the verified gateway, and can't hide it", async (t) => {
  const origin = await startOrigin(t, 'orders-1');
  const gateway = await startGateway(t, {
    cluster: 'dc2',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  const anna = 'Hash=0a;Subject="CN=\\"anna\\",O=Example";DNS=anna.example';
  for (const [said, told] of [
    [anna, `${anna},${verified}`],
    ['Subject="CN=anna', verified],
    ['Subject="CN=anna\\"', verified],
    [`${anna},${anna}`, verified],
    [`By=spiffe://dc2.acme/gateway/gw1;${anna}`, verified],
    ['Hash=0a;', verified],
    ['', verified],
  ] as const) {
    await askAs(t, gateway, 'spiffe://dc1.acme/gateway/gw1', { 'x-forwarded-client-cert': said });
    t.is(origin.requests.pop()?.headers['x-forwarded-client-cert'], told, said);
  }
});

test('a request from a gateway is answered here or refused, never forwarded on', async (t) => {
  const origin = await startOrigin(t, 'orders-1');
  const third = await startGateway(t, {
    cluster: 'dc3',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  const middle = await startGateway(t, {
    cluster: 'dc2',
    services: [{ name: 'orders.shop', elsewhere: { dc3: 1 } }],
  });
  connect(middle, third);
  await until('the link is up', () => middle.links.state(third.cluster).state === 'up');
  t.is((await ask(middle.url, host)).body, 'orders-1');
  const answer = await askAs(t, middle, 'spiffe://dc1.acme/gateway/gw1');
  t.is(answer.status, 503);
  t.is(answer.headers['x-isthmus-refused'], 'NO_HEALTHY_ENDPOINT');
});

test('a refusal by one cluster is made good by another, for POST as well', async (t) => {
  const origin = await startOrigin(
    t,
    'orders-3',
    (request, response) => void request.pipe(response),
  );
  const near = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', elsewhere: { dc2: 9, dc3: 1 } }],
  });
  const dead = { id: 'dead', port: await closedPort() };
  const second = await startGateway(t, {
    cluster: 'dc2',
    services: [{ name: 'orders.shop', endpoints: [dead] }],
  });
  const third = await startGateway(t, {
    cluster: 'dc3',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  connect(near, second);
  connect(near, third);
  for (const { cluster } of [second, third]) {
    await until('the link is up', () => near.links.state(cluster).state === 'up');
  }
  for (let i = 0; i < 5; i++) {
    const answer = await ask(near.url, host, '-d', `order ${i}`);
    t.is(answer.status, 200, answer.body);
    t.is(answer.body, `order ${i}`);
    t.is(answer.headers['x-isthmus-cluster'], 'dc3');
  }
  t.is(origin.requests.length, 5);
});

test('what the other gateway says to us stays between gateways', async (t) => {
  const { near } = await twoClusters(t, { cluster: 'dc2' });
  const answer = await ask(near.url, host);
  t.is(answer.status, 503);
  t.like(JSON.parse(answer.body), { code: 'NO_HEALTHY_ENDPOINT' });
  t.regex(answer.body, /Cluster dc2 answered ROUTE_NOT_FOUND/);
  t.deepEqual(
    Object.keys(answer.headers).filter((name) => name.startsWith('x-isthmus-')),
    [],
  );
});

test('a body that breaks in the far cluster breaks the near client', async (t) => {
  const { origin, breakOff } = await startHalfAnswer(t);
  const { near } = await twoClusters(t, {
    cluster: 'dc2',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  await t.throwsAsync(askInPieces(near.url, host, breakOff));
});

test('a far exchange in which nothing moves is cut after the idle limit there, answered or not', async (t) => {
  const origin = await startOrigin(t, 'stalls', (request, response) => {
    if (request.url === '/half') response.write('half');
  });
  const { near } = await twoClusters(t, {
    cluster: 'dc2',
    services: [{ name: 'orders.shop', endpoints: [origin], timeouts: { idleMs: 300 } }],
  });
  await t.throwsAsync(curl('-H', `Host: ${host}`, `${near.url}/half`));
  const silent = await curl('-H', `Host: ${host}`, '-d', 'x', `${near.url}/`);
  t.is(silent.status, 504);
});

test('trailers cross', async (t) => {
  const origin = await startOrigin(t, 'trails', (_, response) => {
    response.write('body');
    response.addTrailers({ 'x-checksum': 'abc' });
    response.end();
  });
  const { near } = await twoClusters(t, {
    cluster: 'dc2',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  const answer = await raw(
    near.url,
    `GET / HTTP/1.1\r\nHost: ${host}\r\nTE: trailers\r\nConnection: close\r\n\r\n`,
  );
  t.regex(answer, /body\r\n0\r\nx-checksum: abc\r\n\r\n$/);
});

test('an upload that breaks at the near client breaks at the far endpoint', async (t) => {
  let broke = false;
  const origin = await startOrigin(t, 'sink', (request) => {
    request.resume().on('error', () => {
      broke = true;
    });
  });
  const { near, far } = await twoClusters(t, {
    cluster: 'dc2',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  const client = dial(near.url);
  client.write(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 100\r\n\r\nhalf`);
  await until('it arrives', () => origin.requests.length === 1);
  client.destroy();
  await until('it broke', () => broke);
  await until('nothing is left of it', () => far.proxy.recorder.inFlight === 0);
  t.is(near.proxy.recorder.inFlight, 0);
});

test('a near client that does not read holds the far endpoint back', async (t) => {
  let written = 0;
  const origin = await startOrigin(t, 'fountain', (_, response) => {
    const chunk = Buffer.alloc(64 * 1024);
    const pour = () => {
      while (!response.destroyed) {
        written += chunk.length;
        if (!response.write(chunk)) break;
      }
    };
    response.on('drain', pour);
    pour();
  });
  const { near, far } = await twoClusters(t, {
    cluster: 'dc2',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  const client = dial(near.url);
  client.pause();
  client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await standStill('the fountain', () => written);
  t.true(written < 32 * (1 << 20), `${written} bytes written`);
  client.destroy();
  await until('nothing is left of it', () => far.proxy.recorder.inFlight === 0);
});

test('uploads that are refused unread give the link its credit back', async (t) => {
  const { near } = await twoClusters(t, { cluster: 'dc2' });
  const upload = Buffer.alloc(1_000_000);
  for (let i = 0; i < 150; i++) {
    const request = requestFor({ method: 'POST', bodyLength: upload.length });
    const probe = Probe.of((handler) => near.links.call(parseClusterName('dc2'), request, handler));
    probe.call?.write(upload);
    probe.call?.end();
    const { head, body } = await probe.whole();
    t.is(head?.status, 404);
    t.regex(body, /ROUTE_NOT_FOUND/);
    await until('all of it was taken', () =>
      near.links.details(parseClusterName('dc2')).every(({ streams }) => streams === 0),
    );
  }
});

test('security: strangers hold no more connections than they may, and are counted', async (t) => {
  const { eastWest, proxy } = await startGateway(t, {
    cluster: 'dc1',
    limits: { maxConnections: 2 },
  });
  const strangers = Array.from({ length: 3 }, () => dial(`http://${eastWest.address}`));
  await until('one is closed', () => strangers.some(({ closed }) => closed));
  t.is(strangers.filter(({ closed }) => closed).length, 1);
  t.like(proxy.recorder.snapshot().refusedConnections, [
    { reason: 'connection-limit', connections: 1 },
  ]);
  for (const stranger of strangers) stranger.destroy();
});

test('a root that is trusted no more loses its live connection', async (t) => {
  const { near, far } = await twoClusters(t, { cluster: 'dc2' });
  far.trust.remove(parseTrustDomain('dc1.acme'));
  await until('the link is cut', () => near.links.state(far.cluster).state === 'down');
  t.pass();
});
