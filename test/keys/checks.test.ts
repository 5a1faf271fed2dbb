/** Specifies what each key under `check` does, from a gateway's YAML to what it asks of endpoints and takes them for. */
import {
  createServer as createHttp2Server,
  createSecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { buffer } from 'node:stream/consumers';
import anyTest, { type TestFn } from 'ava';
import { keyPemOf, pemOf } from '../../certs/x509.ts';
import type { EndpointItem, EventItem } from '../../gateway/control/api/answers.ts';
import { forge } from '../certs/forge.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { startOrigin } from '../support/origin.ts';
import { proves } from '../support/proves.ts';
import { sharedScope } from '../support/shared.ts';
import { startTcpService } from '../support/tcp-service.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const host = 'orders.example';
const serving = Buffer.from([0, 0, 0, 0, 2, 0x08, 1]);
let gateway: GatewayProcess;
let checks = 0;

/** Says that `shop.Orders` serves, and nothing else. */
async function answerHealth(stream: ServerHttp2Stream, head: IncomingHttpHeaders) {
  // After the prefix of the message, and the tag and length of its only field.
  const service = (await buffer(stream)).subarray(7).toString();
  const isRight = head[':authority'] === host && service === 'shop.Orders';
  stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': isRight ? '0' : '5' }));
  stream.end(isRight ? serving : undefined);
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  shared.teardown(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.before('a gateway checks services, each in a way of its own', async () => {
  const { certificate, key } = forge({ name: 'self', ca: true, dnsNames: [host] });
  const pems = { cert: pemOf(certificate.raw), key: keyPemOf(key) };
  const secure = createHttpsServer(pems, ({ url, headers }, response) => {
    response.writeHead(url === '/up' && headers.host === host ? 418 : 200).end();
  });
  const http2 = createHttp2Server((_, response) => response.end());
  const grpc = createSecureServer(pems).on('stream', answerHealth);
  const { port } = await startTcpService(shared, () => undefined);
  const silent = `127.0.0.1:${port}`;
  const unsteady = await startOrigin(shared, (_, response) => {
    response.writeHead(checks++ % 2 === 0 ? 200 : 500).end();
  });
  const service = (name: string, address: string, check: object, own?: object) => ({
    ...{ name, namespace: 'shop', check },
    endpoints: [{ id: 'one', address, ...(own && { check: own }) }],
  });
  const http = { path: '/up', expect: [418], host, tls: true };
  gateway = await GatewayProcess.prepare(shared, await tempDir(shared), {
    cluster: 'dc1',
    workers: 1,
    services: [
      service('http', await listening(secure), { http }),
      service('http2', await listening(http2), { http: { path: '/', version: 2 } }),
      service('grpc', await listening(grpc), { grpc: { service: 'shop.Orders', host, tls: true } }),
      service('tcp', silent, { tcp: true }),
      service('own', silent, { http: { path: '/' } }, { tcp: true }),
      service('silent', silent, { http: { path: '/' }, timeout: '200ms' }),
      // Longer than events wait for what changes together.
      service('unsteady', unsteady.address, {
        ...{ http: { path: '/' }, interval: '300ms', rise: 1, fall: 1 },
      }),
    ],
  });
  await gateway.start();
});

/** What a check of a service's endpoint said that came to that. */
function saidOf(service: string, health: 'healthy' | 'unhealthy'): Promise<string> {
  return until(`${service} to be ${health}`, async () => {
    const items = await gateway.items<EndpointItem>(`/v1/endpoints?service=${service}.shop`);
    return items.find((item) => item.health === health)?.reason;
  });
}

test('http: the path is asked for over TLS under its host, and what is expected is well', async (t) => {
  t.is(await saidOf('http', 'healthy'), 'GET /up answers 418');
  proves(
    t,
    'services[].check.http.path',
    'services[].check.http.expect',
    'services[].check.http.host',
    'services[].check.http.tls',
  );
});

test('http: by HTTP/2 where that is said', async (t) => {
  t.is(await saidOf('http2', 'healthy'), 'GET / answers 200');
  proves(t, 'services[].check.http.version');
});

test('grpc: the health of a service is asked for over TLS under its host', async (t) => {
  t.is(await saidOf('grpc', 'healthy'), 'Health/Check says SERVING');
  proves(
    t,
    'services[].check.grpc.service',
    'services[].check.grpc.host',
    'services[].check.grpc.tls',
  );
});

test('tcp: a connection is enough', async (t) => {
  t.is(await saidOf('tcp', 'healthy'), 'Accepts connections');
  proves(t, 'services[].check.tcp');
});

test("an endpoint's own check is in place of its service's", async (t) => {
  t.is(await saidOf('own', 'healthy'), 'Accepts connections');
  proves(t, 'services[].endpoints[].check');
});

test('timeout: no answer in time is a failure', async (t) => {
  t.is(await saidOf('silent', 'unhealthy'), 'No answer within 200 ms');
  proves(t, 'services[].check.timeout');
});

test('interval: so often it is checked', async (t) => {
  await until('twenty checks', () => checks >= 20);
  proves(t, 'services[].check.interval');
});

test('rise, fall: one result is enough', async (t) => {
  for (const kind of ['endpoint-down', 'endpoint-up']) {
    await until(`an event ${kind}`, async () => {
      const events = await gateway.items<EventItem>(`/v1/events?kind=${kind}`);
      return events.some(({ what }) => what.startsWith('unsteady.shop'));
    });
  }
  proves(t, 'services[].check.rise', 'services[].check.fall');
});
