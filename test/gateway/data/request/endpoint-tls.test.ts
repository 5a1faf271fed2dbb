/** Specifies TLS to endpoints: who must answer, what is sent before that is known, and what follows where somebody else does. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ServerCredentials } from '@grpc/grpc-js';
import test from 'ava';
import { WebSocket, WebSocketServer } from 'ws';
import { freePorts } from '../../../../examples/demo/processes.ts';
import type { Protocol } from '../../../../registry/model.ts';
import { forge, tlsCredentials } from '../../../certs/forge.ts';
import { say } from '../../../support/grpc-call.ts';
import { echoClient, startEchoServer } from '../../../support/grpc-echo.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { until } from '../../../support/until.ts';
import { dial } from './http.ts';
import { closedPort, type ServiceSpec, startGateway } from './scene.ts';
import {
  caPem,
  certified,
  credentialsOf,
  hostname,
  startTlsOrigin,
  trusted,
} from './tls-origins.ts';

type Context = Parameters<typeof startGateway>[0];
const host = 'orders.shop.acme';

/** Many handshakes at once, on a busy machine, may take longer than a connection usually may. */
function before(t: Context, spec: Partial<ServiceSpec>) {
  return startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', tls: trusted, timeouts: { connectMs: 30_000 }, ...spec }],
  });
}

/** Asks for the service, with a body where there is one. */
async function ask(url: string, body?: string) {
  const method = body === undefined ? 'GET' : 'POST';
  const asked = request(url, { method, headers: { host }, agent: false }).end(body);
  const [response] = await once(asked, 'response');
  const said: string = await text(response);
  return { status: response.statusCode as number, body: said, problem: problemIn(said) };
}

function problemIn(said: string): { code?: string; detail?: string } {
  return said.startsWith('{') ? JSON.parse(said) : {};
}

for (const [protocol, kind] of [
  ['http', 'http'],
  ['http2', 'http2'],
  ['grpc', 'http2'],
] as const) {
  test(`${protocol}: an endpoint is asked by the server name that is configured, over few connections`, async (t) => {
    const origin = await startTlsOrigin(t, 'one', { kind });
    const { url } = await before(t, { endpoints: [origin], protocol });
    for (const body of [undefined, 'order', undefined, 'order']) {
      t.like(await ask(url, body), { status: 200, body: 'one' });
    }
    t.deepEqual(new Set(origin.heard), new Set([`${hostname} -`]));
    t.is(origin.connections, 1);
  });
}

const stranger = forge({ name: 'stranger', ca: true });
const hour = 3600_000;

for (const [what, by, why] of [
  ['of another authority', certified({ issuer: stranger }), /unable to (get|verify)/],
  [
    'for another name',
    certified({ dnsNames: ['carts.internal'] }),
    /is for DNS:carts.internal, not/,
  ],
  ['with the name in its subject only', certified({ dnsNames: [] }), /is for no name, not for/],
  [
    'that has expired',
    certified({ notBefore: Date.now() - 2 * hour, notAfter: Date.now() - hour }),
    /certificate has expired/,
  ],
  ['that signed itself', forge({ name: hostname, dnsNames: [hostname] }), /self.signed/],
] as const) {
  for (const [protocol, kind] of [
    ['http', 'http'],
    ['http2', 'http2'],
  ] as const) {
    test(`security: over ${protocol} an endpoint with a certificate ${what} is sent nothing, and it is said why`, async (t) => {
      const origin = await startTlsOrigin(t, 'forged', { kind, by });
      const { url, proxy } = await before(t, { endpoints: [origin], protocol });
      const { status, problem } = await ask(url, 'secret');
      t.is(status, 502);
      t.is(problem.code, 'ENDPOINT_TLS_FAILED');
      t.regex(problem.detail ?? '', why);
      t.deepEqual(origin.heard, []);
      t.is(proxy.recorder.inFlight, 0);
    });
  }
}

for (const protocol of ['http', 'http2', 'tcp'] as const) {
  test(`security: not one octet of ${protocol} leaves before the endpoint is known`, async (t) => {
    const origin = await startTlsOrigin(t, 'forged', {
      kind: 'raw',
      by: certified({ issuer: stranger }),
    });
    const octets: number[] = [];
    origin.server.on('secureConnection', (socket) => {
      socket.on('data', (data: Buffer) => octets.push(data.length));
    });
    const { url } = await before(t, { endpoints: [origin], protocol });
    if (protocol === 'tcp') {
      const socket = dial(url);
      socket.end(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\n\r\nsecret`);
      t.regex(await text(socket), /^HTTP\/1\.1 502 /);
    } else t.is((await ask(url, 'secret')).status, 502);
    t.deepEqual(octets, []);
  });
}

test('an endpoint that speaks no TLS, or not HTTP/2 over it, is told apart from one that is not there', async (t) => {
  const plain = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n')).listen(
    0,
    '127.0.0.1',
  );
  t.teardown(() => plain.close());
  await once(plain, 'listening');
  const { port } = plain.address() as { port: number };
  const http1 = await startTlsOrigin(t, 'one');
  for (const [service, code, why] of [
    [{ endpoints: [{ id: 'plain', port }] }, 'ENDPOINT_TLS_FAILED', /TLS failed/],
    [{ endpoints: [http1], protocol: 'http2' }, 'ENDPOINT_TLS_FAILED', /h2 in ALPN|protocol/],
    [{ endpoints: [{ id: 'gone', port: await closedPort() }] }, 'UPSTREAM_FAILED', /ECONNREFUSED/],
  ] as const) {
    const { url } = await before(t, service);
    const { problem } = await ask(url, 'order');
    t.is(problem.code, code);
    t.regex(problem.detail ?? '', why);
  }
});

test('what provably was not sent goes to another endpoint, whatever the method', async (t) => {
  const forged = await startTlsOrigin(t, 'forged', { by: certified({ issuer: stranger }) });
  const good = await startTlsOrigin(t, 'good');
  const { url } = await before(t, {
    endpoints: [forged, good],
    policy: { algorithm: 'round-robin' },
  });
  const answers = await Promise.all(Array.from({ length: 12 }, () => ask(url, 'order')));
  t.deepEqual(new Set(answers.map(({ body }) => body)), new Set(['good']));
  t.deepEqual(forged.heard, []);
});

test('a certificate may be asked for by other names: of several, and by a URI, one is enough', async (t) => {
  const by = certified({ dnsNames: ['a.shop.internal'], uris: ['spiffe://shop.internal/orders'] });
  const origin = await startTlsOrigin(t, 'one', { by });
  for (const [names, status] of [
    [['spiffe://shop.internal/orders'], 200],
    [['b.shop.internal', 'a.shop.internal'], 200],
    [['spiffe://shop.internal/order'], 502],
    [[hostname], 502],
  ] as const) {
    const { url } = await before(t, { endpoints: [origin], tls: { ...trusted, names } });
    t.is((await ask(url)).status, status, names.join());
  }
  t.deepEqual(new Set(origin.heard), new Set([`${hostname} -`]));
});

for (const [protocol, kind] of [
  ['http', 'http'],
  ['http2', 'http2'],
] as const) {
  test(`${protocol}: an endpoint that asks for a certificate gets the one that is configured`, async (t) => {
    const asking = { kind, ca: caPem, requestCert: true, rejectUnauthorized: true };
    const origin = await startTlsOrigin(t, 'one', asking);
    const credentials = credentialsOf(certified({ name: 'gateway', dnsNames: [] }));
    const { url } = await before(t, {
      ...{ endpoints: [origin], protocol, tls: { ...trusted, credentials } },
    });
    t.like(await ask(url, 'order'), { status: 200, body: 'one' });
    t.deepEqual(origin.heard, [`${hostname} gateway`]);
    const { url: without } = await before(t, { endpoints: [origin], protocol });
    t.is((await ask(without, 'order')).status, 502);
    t.is(origin.heard.length, 1);
  });
}

test('an endpoint that refuses our certificate by an alert has acted on nothing: any request goes elsewhere', async (t) => {
  const dir = await tempDir(t);
  const { cert, key } = tlsCredentials(certified());
  await writeFile(join(dir, 'pem'), `${cert}${key}`);
  await writeFile(join(dir, 'ca'), caPem);
  const [port = 0] = await freePorts(1);
  const asking = ['-Verify', '1', '-verify_return_error', '-CAfile', 'ca'];
  const openssl = spawn('openssl', ['s_server', '-accept', `${port}`, '-cert', 'pem', ...asking], {
    cwd: dir,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  t.teardown(() => openssl.kill());
  let said = '';
  openssl.stdout.on('data', (data) => {
    said += data;
  });
  await until('openssl to accept', () => said.includes('ACCEPT'));
  const good = await startTlsOrigin(t, 'good');
  const alone = await before(t, { endpoints: [{ id: 'openssl', port }] });
  const { problem } = await ask(alone.url, 'order');
  t.is(problem.code, 'ENDPOINT_TLS_FAILED');
  t.regex(problem.detail ?? '', /certificate required/);
  const { url } = await before(t, {
    ...{ endpoints: [{ id: 'openssl', port }, good], policy: { algorithm: 'round-robin' } },
  });
  for (let i = 0; i < 3; i++) t.is((await ask(url, 'order')).body, 'good');
});

test('gRPC goes over TLS, with its status in trailers', async (t) => {
  const { cert, key } = tlsCredentials(certified());
  const pair = { cert_chain: Buffer.from(cert), private_key: Buffer.from(key) };
  const server = await startEchoServer(t, ServerCredentials.createSsl(null, [pair]));
  const port = Number(server.address.split(':')[1]);
  const { outbound } = await before(t, { endpoints: [{ id: 'one', port }], protocol: 'grpc' });
  const client = echoClient(t, outbound.address, host);
  const { code, answers } = await say(client, { text: 'hi' });
  t.is(code, 0);
  t.is(answers[0]?.text, 'hi');
  const failed = await say(client, { text: 'hi' }, { metadata: { 'fail-with': '5' } });
  t.is(failed.code, 5);
});

test('a WebSocket goes over TLS, both ways', async (t) => {
  const origin = await startTlsOrigin(t, 'one');
  const echo = new WebSocketServer({ server: origin.server as never });
  echo.on('connection', (socket) => socket.on('message', (data) => socket.send(`${data}!`)));
  const { outbound } = await before(t, { endpoints: [origin] });
  const client = new WebSocket(`ws://${outbound.address}/chat`, { headers: { host } });
  t.teardown(() => client.terminate());
  await once(client, 'open');
  client.send('hello');
  const [answer] = await once(client, 'message');
  t.is(String(answer), 'hello!');
});

test('octets of a tcp service go over TLS, and each direction has its own end', async (t) => {
  const origin = await startTlsOrigin(t, 'one', { kind: 'raw' });
  const { url } = await before(t, { endpoints: [origin], protocol: 'tcp' });
  const socket = dial(url);
  let said = '';
  socket.setEncoding('latin1').on('data', (data) => {
    said += data;
  });
  socket.write(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\n\r\n`);
  await until('it is granted', () => said.startsWith('HTTP/1.1 200 '));
  socket.write('octets');
  await until('they come back', () => said.endsWith('octets'));
  socket.end();
  await once(socket, 'close');
  t.regex(said, /octets bye$/);
});

test('a service whose endpoints end TLS themselves is not spoken to over another', async (t) => {
  const origin = await startTlsOrigin(t, 'one', { kind: 'raw' });
  const { url } = await before(t, { endpoints: [origin], protocol: 'tls' as Protocol });
  const socket = dial(url);
  t.teardown(() => socket.destroy());
  socket.write(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\n\r\n`);
  const [head] = await once(socket, 'data');
  t.regex(String(head), /^HTTP\/1\.1 200 /);
  t.is(origin.connections, 0);
});

for (const [protocol, kind] of [
  ['http', 'http'],
  ['http2', 'http2'],
] as const) {
  test(`${protocol}: security: where others are to be trusted no kept connection is used on, and without trust none in clear text`, async (t) => {
    const origin = await startTlsOrigin(t, 'one', { kind });
    const { url, trustEndpoints } = await before(t, { endpoints: [origin], protocol });
    t.is((await ask(url)).status, 200);
    trustEndpoints('orders.shop', {
      ...{ kind: 'trust', roots: tlsCredentials(stranger).cert, hostname },
    });
    t.is((await ask(url)).problem.code, 'ENDPOINT_TLS_FAILED');
    trustEndpoints('orders.shop', { kind: 'unusable', why: 'ca.pem is not there' });
    const { problem } = await ask(url);
    t.is(problem.code, 'ENDPOINT_TLS_FAILED');
    t.regex(problem.detail ?? '', /ca\.pem is not there/);
    trustEndpoints('orders.shop', { kind: 'trust', ...trusted });
    t.is((await ask(url)).status, 200);
    t.is(origin.heard.length, 2);
  });
}
