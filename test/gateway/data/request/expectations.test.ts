/** Specifies Expect: 100-continue (RFC 9110 section 10.1.1): who is asked for a body, when, and what follows where nobody asks. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  createServer as createHttp2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { parseConfig } from '../../../../gateway/control/config/config.ts';
import { startDeafPort } from '../../../support/deaf-port.ts';
import { http2Session } from '../../../support/http2-session.ts';
import { sharedScope } from '../../../support/shared.ts';
import { startTcpService } from '../../../support/tcp-service.ts';
import { until } from '../../../support/until.ts';
import { dial, raw } from './http.ts';
import { connect, type Gateway, startGateway, startOrigin } from './scene.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const body = 'Z'.repeat(300_000);
const asked = 'HTTP/1.1 100 Continue\r\n\r\n';

/** What a service has seen of the request for a path. */
interface Seen {
  readonly expect: string | undefined;
  octets: number;
}

const seen = new Map<string, Seen>();
let near: Gateway;

/**
 * Goes by the path: `/no` is refused from the head, `/unasked` is answered from the head and sent back as it comes, of others
 * the body is asked for where it expects that, and sent back.
 */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const { url = '', headers } = request;
  const one = { expect: headers.expect, octets: 0 };
  seen.set(url, one);
  request
    .on('error', () => undefined)
    .on('data', (piece: Buffer) => {
      one.octets += piece.length;
    });
  if (url.startsWith('/no')) response.writeHead(401).end('WHO ARE YOU?');
  else {
    if (url.startsWith('/unasked')) response.flushHeaders();
    else if (one.expect !== undefined) response.writeContinue();
    request.pipe(response);
  }
}

/** The same over HTTP/2. */
function answerStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  const path = String(headers[':path']);
  const one = { expect: headers.expect, octets: 0 };
  seen.set(path, one);
  stream
    .on('error', () => undefined)
    .on('data', (piece: Buffer) => {
      one.octets += piece.length;
    });
  if (path.startsWith('/no')) {
    stream.respond({ ':status': 401 });
    stream.end('WHO ARE YOU?');
  } else {
    if (one.expect !== undefined) stream.additionalHeaders({ ':status': 100 });
    stream.respond({ ':status': 200 });
    stream.pipe(stream);
  }
}

async function startHttp1Service(t: Pick<ExecutionContext, 'teardown'>) {
  const origin = await startOrigin(t, 'one', answer);
  // Node.js asks for bodies itself where nobody listens to this.
  origin.server.on('checkContinue', answer);
  return origin;
}

async function startHttp2Service() {
  const server = createHttp2Server();
  server.on('session', (session) => {
    session.on('error', () => undefined);
    shared.teardown(() => session.destroy());
  });
  server.on('stream', answerStream);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  shared.teardown(() => server.close());
  return { id: 'two', port: (server.address() as AddressInfo).port };
}

test.before('services of both versions, at a gateway and at that of another cluster', async () => {
  const one = await startHttp1Service(shared);
  const two = await startHttp2Service();
  const there = [
    { name: 'there1.shop', endpoints: [one] },
    { name: 'there2.shop', endpoints: [two], protocol: 'http2' },
  ] as const;
  near = await startGateway(shared, {
    cluster: 'dc1',
    services: [
      { name: 'here1.shop', endpoints: [one] },
      { name: 'here2.shop', endpoints: [two], protocol: 'http2' },
      ...there.map((service) => ({ ...service, endpoints: [], elsewhere: { dc2: 1 } })),
    ],
  });
  const far = await startGateway(shared, { cluster: 'dc2', services: there });
  connect(near, far);
  await until('the link is up', () => near.links.state(far.cluster).state === 'up');
});

interface Upload {
  readonly wasAsked: boolean;
  readonly status: number;
  readonly content: string;
}

/** Sends a head over HTTP/1.1, and the body only at the first answer, which asks for it or not; reads until the other side closes. */
async function uploadRaw(
  url: string,
  host: string,
  line: string,
  content: string,
  heard: () => void = () => undefined,
) {
  const socket = dial(url);
  let received = '';
  socket.setEncoding('latin1').on('data', (piece) => {
    const isFirst = received === '';
    received += piece;
    if (isFirst) heard();
    if (isFirst && /^HTTP\/1\.1 [12]/.test(received)) socket.write(content);
  });
  const fields = `Host: ${host}\r\nExpect: 100-continue\r\nContent-Length: ${content.length}\r\n`;
  socket.write(`${line} HTTP/1.1\r\n${fields}Connection: close\r\n\r\n`);
  await once(socket, 'close');
  return { received, wasAsked: received.startsWith(asked) };
}

/** How the body is sent when it is asked for, and only then. */
const clients: Readonly<
  Record<string, (t: ExecutionContext, host: string, path: string) => Promise<Upload>>
> = {
  async 'HTTP/1.1'(_, host, path) {
    const { received, wasAsked } = await uploadRaw(near.url, host, `POST ${path}`, body);
    const final = wasAsked ? received.slice(asked.length) : received;
    const content = final.slice(final.indexOf('\r\n\r\n')).replace(/[^A-Z ?]/g, '');
    return { wasAsked, status: Number(final.slice(9, 12)), content };
  },
  async 'HTTP/2'(t, host, path) {
    const stream = http2Session(t, near.url).request({
      ':method': 'POST',
      ':path': path,
      ':authority': host,
      expect: '100-continue',
      'content-length': body.length,
    });
    let wasAsked = false;
    stream
      .on('error', () => undefined)
      .on('continue', () => {
        wasAsked = true;
        stream.end(body);
      });
    const [headers] = await once(stream, 'response');
    return { wasAsked, status: Number(headers[':status']), content: await text(stream) };
  },
};

for (const [version, upload] of Object.entries(clients)) {
  for (const service of ['here1', 'here2', 'there1', 'there2']) {
    const where = service.startsWith('here') ? 'here' : 'in another cluster';
    const what = `${version} to an endpoint of HTTP/${service.endsWith('1') ? '1.1' : '2'} ${where}`;

    test(`${what}: a service that refuses from the head is not sent the body, nor is the client asked for it`, async (t) => {
      const path = `/no/${version}/${service}`;
      const { wasAsked, status, content } = await upload(t, `${service}.shop.acme`, path);
      t.false(wasAsked);
      t.is(status, 401);
      t.is(content, 'WHO ARE YOU?');
      t.deepEqual(seen.get(path), { expect: '100-continue', octets: 0 });
    });

    test(`${what}: a service that asks for the body gets it`, async (t) => {
      const path = `/yes/${version}/${service}`;
      const { wasAsked, status, content } = await upload(t, `${service}.shop.acme`, path);
      t.true(wasAsked);
      t.is(status, 200);
      t.true(content === body);
      t.deepEqual(seen.get(path), { expect: '100-continue', octets: body.length });
    });
  }
}

/** Answers whatever has come whole, and says nothing before. */
function deaf(socket: Socket): void {
  let received = '';
  socket.setEncoding('latin1').on('data', (piece) => {
    received += piece;
    if (received.endsWith('hello')) {
      const heard = /^expect:.*$/im.exec(received)?.[0] ?? 'no expectation';
      socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${heard.length}\r\n\r\n${heard}`);
    }
  });
}

for (const [wait, heard] of [
  ['300ms', 'expect: 100-continue'],
  ['0s', 'no expectation'],
] as const) {
  test(`timeouts.continue ${wait}: a service that never asks gets the body all the same: ${heard}`, async (t) => {
    const yaml = `cluster: dc1\nfederation: acme\nregion: eu\ntimeouts: { continue: ${wait} }\n`;
    const { timeouts } = parseConfig(yaml, 'gateway.yaml');
    const service = await startTcpService(t, deaf);
    const { url } = await startGateway(t, {
      cluster: 'dc3',
      services: [{ name: 'deaf.shop', endpoints: [service], timeouts }],
    });
    const { received } = await uploadRaw(url, 'deaf.shop.acme', 'POST /', 'hello');
    t.regex(received, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    t.true(received.endsWith(heard));
  });
}

test('a copy that says 503 from the head is followed by another one, however large the body is: nothing of it was taken', async (t) => {
  let turnedAway = 0;
  const busy = await startOrigin(t, 'busy');
  busy.server.on('checkContinue', (_, response: ServerResponse) => {
    turnedAway++;
    response.writeHead(503).end();
  });
  const one = await startHttp1Service(t);
  const { url } = await startGateway(t, {
    cluster: 'dc3',
    services: [{ name: 'two.shop', endpoints: [busy, one], policy: { algorithm: 'round-robin' } }],
  });
  for (let i = 0; i < 2; i++) {
    const { received } = await uploadRaw(url, 'two.shop.acme', `PUT /yes/${i}`, body);
    t.regex(received, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    t.is(seen.get(`/yes/${i}`)?.octets, body.length);
  }
  t.is(turnedAway, 1);
});

test('an endpoint is not waited for before it is connected with: meanwhile nothing is taken that could not go elsewhere', async (t) => {
  const deaf = { id: 'deaf', port: await startDeafPort(t), weight: 1000 };
  const { url } = await startGateway(t, {
    cluster: 'dc3',
    services: [
      {
        name: 'two.shop',
        endpoints: [deaf, await startHttp1Service(t)],
        timeouts: { connectMs: 600, continueMs: 50 },
      },
    ],
  });
  let isAsked = false;
  const { received } = await uploadRaw(url, 'two.shop.acme', 'POST /yes/late', body, () => {
    isAsked = seen.has('/yes/late');
  });
  t.true(isAsked, 'the other copy has asked for it before the client was asked');
  t.regex(received, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
  t.is(seen.get('/yes/late')?.octets, body.length);
});

test('a client that is refused without having been asked is told that its connection closes, and may send its body all the same', async (t) => {
  const head = `POST /no/sent HTTP/1.1\r\nHost: here1.shop.acme\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`;
  const answer = await raw(near.url, head + body);
  t.regex(answer, /^HTTP\/1\.1 401 [\s\S]*connection: close\r\n/);
  t.is(seen.get('/no/sent')?.octets, 0);
});

test('a service that begins a good answer without having asked may still read the body', async (t) => {
  const { received } = await uploadRaw(near.url, 'here1.shop.acme', 'POST /unasked', 'hello');
  t.regex(received, /^HTTP\/1\.1 200 [\s\S]*\r\n5\r\nhello\r\n0\r\n\r\n$/);
});

test('an expectation that nobody knows is 417 over HTTP/2 as over HTTP/1.1', async (t) => {
  const { url } = near;
  const stream = http2Session(t, url).request({
    ':method': 'POST',
    ':path': '/yes',
    ':authority': 'here1.shop.acme',
    expect: 'the-moon',
  });
  const [headers] = await once(stream, 'response');
  t.is(headers[':status'], 417);
  stream.end();
  const head = 'POST / HTTP/1.1\r\nHost: here1.shop.acme\r\nExpect: the-moon\r\n';
  t.regex(await raw(url, `${head}Content-Length: 0\r\n\r\n`), /^HTTP\/1\.1 417 /);
});
