/** Specifies HTTP/2 on either side of a gateway: from its clients, to its endpoints, and across a link. */
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  constants,
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import { standStill } from '../../../support/stand-still.ts';
import { until } from '../../../support/until.ts';
import { curl, dial } from './http.ts';
import { closedPort, connect, type GatewaySpec, startGateway, startOrigin } from './scene.ts';

const host = 'orders.shop.acme';

/** An HTTP/2 server without TLS. By default it echoes. */
async function startHttp2Origin(
  t: ExecutionContext,
  answer: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void = echo,
  settings: { maxConcurrentStreams?: number } = {},
) {
  const server = createServer({ settings });
  const sessions: ServerHttp2Session[] = [];
  const requests: IncomingHttpHeaders[] = [];
  const streams: ServerHttp2Stream[] = [];
  server.on('session', (session) => {
    sessions.push(session);
    session.on('error', () => undefined);
  });
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', () => undefined);
    requests.push(headers);
    streams.push(stream);
    answer(stream, headers);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    for (const session of sessions) session.destroy();
  });
  return { id: 'two', port: (server.address() as AddressInfo).port, sessions, requests, streams };
}

function echo(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  stream.respond({ ':status': 200, 'x-method': headers[':method'] }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': 'abc' }));
  stream.on('data', (piece) => {
    if (!stream.write(piece)) stream.pause();
  });
  stream.on('drain', () => stream.resume());
  stream.on('end', () => stream.end());
}

/** A client that knows that the gateway speaks HTTP/2. */
function client(t: ExecutionContext, url: string): ClientHttp2Session {
  const session = connectHttp2(url);
  session.on('error', () => undefined);
  t.teardown(() => session.destroy());
  return session;
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: string;
}

function begin(session: ClientHttp2Session, headers: OutgoingHttpHeaders = {}): ClientHttp2Stream {
  const stream = session.request(
    { ':authority': host, ':path': '/', ...headers },
    { endStream: headers[':method'] === undefined },
  );
  stream.on('error', () => undefined);
  return stream;
}

async function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
  let trailers: IncomingHttpHeaders = {};
  stream.on('trailers', (fields) => {
    trailers = fields;
  });
  const [headers] = await once(stream, 'response');
  return { status: headers[':status'], headers, body: await text(stream), trailers };
}

async function alone(t: ExecutionContext, spec: Partial<GatewaySpec>) {
  return startGateway(t, { cluster: 'dc1', ...spec });
}

const clusters = {
  'in its own cluster': async (t: ExecutionContext, service: object) =>
    alone(t, { services: [{ name: 'orders.shop', ...service }] }),
  'in another cluster': async (t: ExecutionContext, service: object) => {
    const near = await alone(t, {
      services: [{ name: 'orders.shop', elsewhere: { dc2: 1 }, ...service, endpoints: [] }],
    });
    const far = await startGateway(t, {
      cluster: 'dc2',
      services: [{ name: 'orders.shop', ...service }],
    });
    connect(near, far);
    await until('the link is up', () => near.links.state(far.cluster).state === 'up');
    return near;
  },
};

const grpcCall = { ':method': 'POST', 'content-type': 'application/grpc+proto', te: 'trailers' };

for (const [where, start] of Object.entries(clusters)) {
  test(`what speaks HTTP/2 and is registered as HTTP/1.1 is told from what fails, with the flag that mends it, ${where}`, async (t) => {
    const origin = await startHttp2Origin(t);
    const gateway = await start(t, { endpoints: [origin] });
    const session = client(t, gateway.url);
    const plain = await answerOf(begin(session));
    t.is(plain.status, 502);
    t.like(JSON.parse(plain.body), { code: 'ENDPOINT_SPEAKS_HTTP2' });
    t.regex(plain.body, /127\.0\.0\.1:\d+ speaks HTTP\/2.*`--protocol http2`/);
    const call = begin(session, grpcCall);
    call.end('request');
    const { headers } = await answerOf(call);
    t.is(headers['grpc-status'], '14');
    t.regex(String(headers['grpc-message']), /speaks HTTP\/2.*`--protocol grpc`/);
    t.is(origin.requests.length, 0);
  });

  test(`an HTTP/2 client reaches an HTTP/1.1 endpoint ${where}`, async (t) => {
    const origin = await startOrigin(t, 'one', (request, response) => {
      response.setHeader('x-forwarded', String(request.headers['x-forwarded-proto']));
      request.pipe(response);
    });
    const gateway = await start(t, { endpoints: [origin] });
    const stream = begin(client(t, gateway.url), { ':method': 'POST', cookie: ['a=1', 'b=2'] });
    stream.end('b'.repeat(300_000));
    const { status, headers, body } = await answerOf(stream);
    t.is(status, 200);
    t.is(body, 'b'.repeat(300_000));
    t.is(headers['x-forwarded'], 'http');
    t.is(headers.connection, undefined);
    const [request] = origin.requests;
    t.is(request?.headers.host, host);
    t.is(request?.headers.cookie, 'a=1; b=2');
    t.regex(String(request?.headers.via), /^2 /);
  });

  test(`an HTTP/1.1 client reaches an HTTP/2 endpoint ${where}`, async (t) => {
    const origin = await startHttp2Origin(t);
    const gateway = await start(t, { endpoints: [origin], protocol: 'http2' });
    const upload = 'u'.repeat(100_000);
    const answer = await curl('-H', `Host: ${host}`, '-d', upload, gateway.url);
    t.is(answer.status, 200);
    t.is(answer.headers['x-method'], 'POST');
    t.true(answer.body.includes(upload));
    const [request] = origin.requests;
    t.is(request?.[':authority'], host);
    t.is(request?.['content-length'], '100000');
    t.is(request?.host, undefined);
  });

  test(`bodies and trailers pass both ways over HTTP/2 to an endpoint ${where}`, async (t) => {
    let theirs: IncomingHttpHeaders = {};
    const origin = await startHttp2Origin(t, (stream, headers) => {
      stream.on('trailers', (fields) => {
        theirs = fields;
      });
      echo(stream, headers);
    });
    const gateway = await start(t, { endpoints: [origin], protocol: 'http2' });
    const session = client(t, gateway.url);
    const stream = session.request(
      { ':method': 'POST', ':authority': host, ':path': '/', te: 'trailers' },
      { waitForTrailers: true },
    );
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-end': 'yes' }));
    stream.end('b'.repeat(2_000_000));
    const { body, trailers } = await answerOf(stream);
    t.is(body.length, 2_000_000);
    t.is(trailers['x-sum'], 'abc');
    t.is(theirs['x-end'], 'yes');
    t.is(origin.requests[0]?.te, 'trailers');
  });

  test(`a 204 that an HTTP/2 endpoint ${where} gives a length has none for its client`, async (t) => {
    const origin = await startHttp2Origin(t, (stream) => {
      stream.respond({ ':status': 204, 'content-length': 2 }, { endStream: true });
    });
    const gateway = await start(t, { endpoints: [origin], protocol: 'http2' });
    const { status, headers } = await answerOf(begin(client(t, gateway.url)));
    t.is(status, 204);
    t.is(headers['content-length'], undefined);
  });

  test(`a request over HTTP/2 that is longer than announced never looks whole to an HTTP/1.1 endpoint ${where}`, async (t) => {
    const whole: (string | undefined)[] = [];
    const origin = await startOrigin(t, 'one', (request, response) => {
      request.on('error', () => undefined).resume();
      request.on('end', () => {
        whole.push(request.url);
        response.end('whole');
      });
    });
    const gateway = await start(t, { endpoints: [origin] });
    const session = client(t, gateway.url);
    const post = (path: string, length: number) =>
      begin(session, { ':method': 'POST', ':path': path, 'content-length': length });
    for (const announced of ['', 'hello']) {
      const path = `/longer/${announced}`;
      const stream = post(path, announced.length);
      if (announced !== '') {
        stream.write(announced);
        await until('it is on its way', () => origin.requests.some(({ url }) => url === path));
      }
      stream.write('x');
      t.is((await answerOf(stream)).status, 400);
      stream.close();
    }
    for (const announced of ['', 'hello']) {
      const stream = post(`/ends/${announced}`, announced.length);
      if (announced !== '') stream.write(announced);
      // The end comes by itself.
      setImmediate(() => stream.end());
      t.is((await answerOf(stream)).body, 'whole');
    }
    t.deepEqual(whole, ['/ends/', '/ends/hello']);
  });

  test(`a client that cancels, cancels at an HTTP/2 endpoint ${where}`, async (t) => {
    const codes: number[] = [];
    const origin = await startHttp2Origin(t, (stream) => {
      stream.respond({ ':status': 200 });
      stream.write('begun');
      stream.on('close', () => codes.push(stream.rstCode));
    });
    const gateway = await start(t, { endpoints: [origin], protocol: 'http2' });
    const stream = begin(client(t, gateway.url));
    await once(stream, 'response');
    stream.close(constants.NGHTTP2_CANCEL);
    await until('the endpoint hears of it', () => codes.length === 1);
    t.deepEqual(codes, [constants.NGHTTP2_CANCEL]);
    await until('nothing is under way', () => gateway.proxy.recorder.inFlight === 0);
  });

  test(`a response that an HTTP/2 endpoint ${where} breaks is broken for its client, never whole`, async (t) => {
    const origin = await startHttp2Origin(t, (stream) => {
      stream.respond({ ':status': 200, 'content-length': 1000 });
      stream.write('half', () => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
    });
    const gateway = await start(t, { endpoints: [origin], protocol: 'http2' });
    const stream = begin(client(t, gateway.url));
    stream.resume();
    await new Promise((resolve) => stream.on('close', resolve));
    t.is(stream.rstCode, constants.NGHTTP2_INTERNAL_ERROR);
  });
}

test('a request that announces no content and does not end is answered 408, and reaches nobody', async (t) => {
  const origin = await startOrigin(t, 'one');
  const services = [{ name: 'orders.shop', endpoints: [origin] }];
  const gateway = await alone(t, { services, limits: { bodyMs: 200 } });
  const stream = begin(client(t, gateway.url), { ':method': 'POST', 'content-length': 0 });
  t.is((await answerOf(stream)).status, 408);
  t.is(origin.requests.length, 0);
  await until('nothing is under way', () => gateway.proxy.recorder.inFlight === 0);
});

test('an endpoint gets no more streams on a connection than it allows, and further ones on others', async (t) => {
  const held: ServerHttp2Stream[] = [];
  const origin = await startHttp2Origin(t, (stream) => void held.push(stream), {
    maxConcurrentStreams: 2,
  });
  const service = { name: 'orders.shop', endpoints: [origin], protocol: 'http2' } as const;
  const gateway = await alone(t, { services: [service] });
  const session = client(t, gateway.url);
  const first = answerOf(begin(session));
  await until('the settings of the endpoint are known', () => held.length === 1);
  const answers = [first, ...[1, 2, 3, 4].map(() => answerOf(begin(session)))];
  await until('all have arrived', () => held.length === 5);
  t.is(origin.sessions.length, 3);
  for (const stream of held) {
    stream.respond({ ':status': 200 });
    stream.end();
  }
  for (const { status } of await Promise.all(answers)) t.is(status, 200);
});

test('a burst of uploads that meets a cold endpoint waits to hear how many it takes at a time, and all arrive', async (t) => {
  const origin = await startHttp2Origin(t, echo, { maxConcurrentStreams: 2 });
  // However long a busy machine takes for it.
  const timeouts = { connectMs: 20_000 };
  const gateway = await alone(t, {
    services: [{ name: 'orders.shop', endpoints: [origin], protocol: 'http2', timeouts }],
  });
  const session = client(t, gateway.url);
  const uploads = Array.from({ length: 12 }, (_, n) => {
    const stream = begin(session, { ':method': 'POST' });
    const upload = String(n % 10).repeat(200_000);
    stream.end(upload);
    return { upload, answer: answerOf(stream) };
  });
  for (const { upload, answer } of uploads) {
    const { status, body } = await answer;
    t.is(status, 200);
    t.true(body === upload);
  }
  t.deepEqual(gateway.proxy.recorder.snapshot().retried, []);
});

test('an endpoint that never says its settings is waited for no longer than a connection, and then asked anew', async (t) => {
  const accepted: Socket[] = [];
  const mute = createTcpServer((socket) => void accepted.push(socket.resume()));
  mute.listen(0, '127.0.0.1');
  await once(mute, 'listening');
  t.teardown(() => {
    mute.close();
    for (const socket of accepted) socket.destroy();
  });
  const { port } = mute.address() as AddressInfo;
  const timeouts = { connectMs: 200, requestMs: 2_000 };
  const endpoints = [{ id: 'mute', port }];
  const gateway = await alone(t, {
    services: [{ name: 'orders.shop', endpoints, protocol: 'http2', timeouts }],
  });
  const session = client(t, gateway.url);
  const answers = [1, 2].map(() => answerOf(begin(session)));
  await until('both have a connection', () => accepted.length === 2);
  for (const { status, body } of await Promise.all(answers)) {
    t.like(JSON.parse(body), { code: 'UPSTREAM_TIMED_OUT' });
    t.is(status, 504);
  }
});

test('an endpoint that sends GOAWAY is asked over a new connection, and finishes what it has', async (t) => {
  const held: ServerHttp2Stream[] = [];
  const origin = await startHttp2Origin(t, (stream) => void held.push(stream));
  const service = { name: 'orders.shop', endpoints: [origin], protocol: 'http2' } as const;
  const gateway = await alone(t, { services: [service] });
  const session = client(t, gateway.url);
  const first = answerOf(begin(session));
  await until('it has arrived', () => held.length === 1);
  origin.sessions[0]?.goaway();
  const second = answerOf(begin(session));
  await until('the other has arrived', () => held.length === 2);
  t.is(origin.sessions.length, 2);
  for (const stream of held) {
    stream.respond({ ':status': 200 });
    stream.end('done');
  }
  t.is((await first).body, 'done');
  t.is((await second).body, 'done');
});

test('an endpoint that is not there, or dies, is told to the client; the next request finds it again', async (t) => {
  const dead = { id: 'dead', port: await closedPort() };
  const origin = await startHttp2Origin(t, (stream, headers) => {
    if (headers[':path'] === '/die') stream.session?.destroy();
    else echo(stream, headers);
  });
  const gateway = await alone(t, {
    services: [
      { name: 'dead.shop', endpoints: [dead], protocol: 'http2' },
      { name: 'orders.shop', endpoints: [origin], protocol: 'http2' },
    ],
  });
  const session = client(t, gateway.url);
  t.is((await answerOf(begin(session, { ':authority': 'dead.shop.acme' }))).status, 502);
  const dying = begin(session, { ':path': '/die', ':method': 'POST' });
  dying.end('x');
  t.is((await answerOf(dying)).status, 502);
  t.is((await answerOf(begin(session))).status, 200);
});

test('a gRPC client is refused in its own words', async (t) => {
  const dead = { id: 'dead', port: await closedPort() };
  const gateway = await alone(t, {
    services: [{ name: 'orders.shop', endpoints: [dead], protocol: 'grpc' }],
  });
  const session = client(t, gateway.url);
  const grpc = { ':method': 'POST', 'content-type': 'application/grpc+proto', te: 'trailers' };
  for (const [authority, status] of [
    [host, '14'],
    ['nobody.shop.acme', '12'],
  ]) {
    const stream = begin(session, { ...grpc, ':authority': authority });
    stream.end();
    const { headers, body } = await answerOf(stream);
    t.like(headers, { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': status });
    t.truthy(headers['grpc-message']);
    t.is(body, '');
  }
});

test('a gRPC call that an endpoint of HTTP/1.1 hangs up on says what gRPC needs', async (t) => {
  const server = createTcpServer((socket) => socket.once('data', () => socket.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const origin = { id: 'mute', port: (server.address() as AddressInfo).port };
  const gateway = await alone(t, { services: [{ name: 'orders.shop', endpoints: [origin] }] });
  const call = begin(client(t, gateway.url), grpcCall);
  call.end();
  const { headers } = await answerOf(call);
  t.regex(String(headers['grpc-message']), /UPSTREAM_FAILED.*needs HTTP\/2.*`--protocol grpc`/);
  const other = await answerOf(begin(client(t, gateway.url)));
  t.notRegex(other.body, /--protocol/);
});

test('grpc-timeout bounds a call, and the endpoint hears of its end', async (t) => {
  const codes: number[] = [];
  const origin = await startHttp2Origin(t, (stream) => {
    stream.on('close', () => codes.push(stream.rstCode));
  });
  const gateway = await alone(t, {
    services: [{ name: 'orders.shop', endpoints: [origin], protocol: 'grpc' }],
  });
  const stream = begin(client(t, gateway.url), {
    ':method': 'POST',
    'content-type': 'application/grpc',
    'grpc-timeout': '1S',
  });
  stream.end();
  const { headers } = await answerOf(stream);
  t.like(headers, { ':status': 200, 'grpc-status': '4' });
  await until('the endpoint hears of it', () => codes.length === 1);
  t.deepEqual(codes, [constants.NGHTTP2_CANCEL]);
});

for (const [what, cut, timeout, status] of [
  [
    'reset by the service',
    (stream: ServerHttp2Stream) => stream.destroy(new Error('broken')),
    '1M',
    '14',
  ],
  [
    'whose service says goodbye and goes',
    ({ session }: ServerHttp2Stream) => {
      session?.goaway(constants.NGHTTP2_NO_ERROR);
      setImmediate(() => session?.destroy());
    },
    '1M',
    '14',
  ],
  ['out of time', () => undefined, '2S', '4'],
] as const) {
  test(`a gRPC call ${what}, whose response has begun, ends in trailers with status ${status}`, async (t) => {
    const origin = await startHttp2Origin(t, (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      stream.write('begun');
    });
    const gateway = await alone(t, {
      services: [{ name: 'orders.shop', endpoints: [origin], protocol: 'grpc' }],
    });
    const stream = begin(client(t, gateway.url), {
      ':method': 'POST',
      'content-type': 'application/grpc',
      'grpc-timeout': timeout,
    });
    const trailers = once(stream, 'trailers');
    let body = '';
    stream.setEncoding('latin1').on('data', (piece) => {
      body += piece;
      if (body === 'begun') cut(origin.streams[0] as ServerHttp2Stream);
    });
    const [fields] = await trailers;
    t.is(fields['grpc-status'], status);
    t.truthy(fields['grpc-message']);
    t.is(body, 'begun');
    await until('it is over', () => stream.closed);
    t.is(stream.rstCode, constants.NGHTTP2_NO_ERROR);
    await until('it is counted', () =>
      gateway.proxy.recorder.snapshot().refused.some(({ code }) => code === 'RESPONSE_BROKEN'),
    );
  });
}

test('requests that are reset as fast as they are made cost few connections, and then the client its own', async (t) => {
  const dialed = new Set<unknown>();
  const origin = await startOrigin(t, 'one', () => undefined);
  origin.server.on('connection', (socket) => dialed.add(socket));
  const gateway = await alone(t, { services: [{ name: 'orders.shop', endpoints: [origin] }] });
  const session = client(t, gateway.url);
  let made = 0;
  let goaway: number | undefined;
  session.on('goaway', (code) => {
    goaway = code;
  });
  await once(session, 'remoteSettings');
  while (!session.closed && !session.destroyed) {
    for (let n = 0; n < 50 && !session.closed && !session.destroyed; n++) {
      begin(session).close(constants.NGHTTP2_CANCEL);
      made++;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.true(made < 1_000, `${made} requests`);
  t.is(goaway, constants.NGHTTP2_ENHANCE_YOUR_CALM);
  t.true(dialed.size <= 100, `${dialed.size} connections`);
  await until('nothing is under way', () => gateway.proxy.recorder.inFlight === 0);
});

test('a connection that rests is told to go, and closed', async (t) => {
  const origin = await startOrigin(t, 'one');
  const gateway = await alone(t, {
    services: [{ name: 'orders.shop', endpoints: [origin] }],
    limits: { keepAliveMs: 200 },
  });
  const session = client(t, gateway.url);
  const codes: number[] = [];
  session.on('goaway', (code) => codes.push(code));
  t.is((await answerOf(begin(session))).status, 200);
  await until('it is closed', () => session.destroyed);
  t.is(codes[0], constants.NGHTTP2_NO_ERROR);
});

test('a preface, or a head, that does not come to its end is waited for no longer than a head may take', async (t) => {
  const gateway = await alone(t, { services: [], limits: { headMs: 200 } });
  const settings = '\0\0\0\x04\0\0\0\0\0';
  const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
  for (const begun of [
    preface.slice(0, 20),
    preface,
    `${preface}${settings}\0\0\x10\x01\x05\0\0\0\x01`,
  ]) {
    const socket = dial(gateway.url);
    socket.on('error', () => undefined);
    socket.write(begun, 'latin1');
    socket.resume();
    await once(socket, 'close');
  }
  t.pass();
});

test('a drain asks HTTP/2 clients to go, and lets what is under way finish', async (t) => {
  const origin = await startOrigin(
    t,
    'one',
    (_, response) => void setTimeout(() => response.end('done'), 200),
  );
  const gateway = await alone(t, { services: [{ name: 'orders.shop', endpoints: [origin] }] });
  const session = client(t, gateway.url);
  const codes: number[] = [];
  session.on('goaway', (code) => codes.push(code));
  const answer = answerOf(begin(session));
  await until('it has arrived', () => origin.requests.length === 1);
  const drained = gateway.outbound.drain(10_000);
  t.is((await answer).body, 'done');
  t.deepEqual(await drained, { kind: 'finished' });
  await until('it is closed', () => session.destroyed);
  t.is(codes[0], constants.NGHTTP2_NO_ERROR);
});

test('a reader that stops holds nobody up, and its endpoint back', async (t) => {
  let written = 0;
  const origin = await startHttp2Origin(t, (stream, headers) => {
    stream.respond({ ':status': 200 });
    if (headers[':path'] === '/') {
      stream.end('well');
      return;
    }
    const piece = Buffer.alloc(65_536);
    const pour = () => {
      do written += piece.length;
      while (!stream.destroyed && stream.write(piece));
    };
    stream.on('drain', pour);
    pour();
  });
  const gateway = await alone(t, {
    services: [{ name: 'orders.shop', endpoints: [origin], protocol: 'http2' }],
  });
  const session = client(t, gateway.url);
  const fountain = begin(session, { ':path': '/fountain' });
  await once(fountain, 'response');
  await standStill('the fountain', () => written);
  t.true(written < 4 * (1 << 20), `${written} bytes written`);
  t.is((await answerOf(begin(session))).body, 'well');
  fountain.close(constants.NGHTTP2_CANCEL);
});
