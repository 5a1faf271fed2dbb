/** Specifies what a client is told over HTTP/2 whose request can't be taken: the same as over HTTP/1.1, on its stream alone. */
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  constants,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { setting } from '../../../../gateway/data/wire/http2/protocol.ts';
import { http2Session } from '../../../support/http2-session.ts';
import { run } from '../../../support/programs.ts';
import { until } from '../../../support/until.ts';
import { headers, hello, settings } from '../wire/http2/frames.ts';
import { dial } from './http.ts';
import { type Gateway, startGateway, startOrigin } from './scene.ts';

const host = 'orders.shop.acme';

function begin(session: ClientHttp2Session, headers: OutgoingHttpHeaders = {}): ClientHttp2Stream {
  const stream = session.request({ ':authority': host, ':path': '/', ...headers });
  // That it is reset is for the test to look at.
  stream.on('error', () => undefined);
  return stream;
}

async function answerOf(stream: ClientHttp2Stream) {
  const [headers] = await once(stream, 'response');
  return { status: headers[':status'], type: headers['content-type'], body: await text(stream) };
}

function refused({ proxy }: Gateway, code: string): number {
  const { refused: all } = proxy.recorder.snapshot();
  return all.reduce((sum, one) => sum + (one.code === code ? one.requests : 0), 0);
}

test('a malformed head is answered 400 with a problem, and the connection goes on', async (t) => {
  const origin = await startOrigin(t, 'well');
  const gateway = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  const session = http2Session(t, gateway.url);
  const { status, type, body } = await answerOf(begin(session, { ':authority': `me@${host}` }));
  t.is(status, 400);
  t.is(type, 'application/problem+json');
  t.like(JSON.parse(body), {
    code: 'REQUEST_REFUSED',
    status: 400,
    detail: 'The request is malformed: an authority that is no host with perhaps a port',
  });
  t.is(refused(gateway, 'REQUEST_REFUSED'), 1);
  t.is(refused(gateway, 'CLIENT_GONE'), 0);
  t.is((await answerOf(begin(session))).body, 'well');
});

test('security: nobody writes into Forwarded by the authority of a request, and none that is no host reaches a service', async (t) => {
  const origin = await startOrigin(t, 'well');
  const gateway = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  const session = http2Session(t, gateway.url);
  for (const after of [
    '";for=6.6.6.6;host="x',
    ':80/evil',
    ':80,evil',
    ':80:90',
    ':99999',
    '%2e',
  ]) {
    const authority = host + after;
    t.is((await answerOf(begin(session, { ':authority': authority }))).status, 400, authority);
  }
  t.deepEqual(origin.requests, []);
  t.is((await answerOf(begin(session, { ':authority': `${host}:` }))).body, 'well');
  t.is(origin.requests[0]?.headers.forwarded, `for=127.0.0.1;host="${host}";proto=http`);
  t.is(origin.requests[0]?.headers.host, host);
});

test('a head that is too large is answered 431, and HEAD without a body', async (t) => {
  const gateway = await startGateway(t, { cluster: 'dc1' });
  const session = http2Session(t, gateway.url);
  const large = { 'x-a': 'a'.repeat(9_000), 'x-b': 'b'.repeat(9_000) };
  const { status, type, body } = await answerOf(begin(session, large));
  t.is(status, 431);
  t.is(type, 'application/problem+json');
  t.like(JSON.parse(body), { code: 'REQUEST_HEAD_TOO_LARGE', status: 431 });
  t.is((await answerOf(begin(session, { ...large, ':method': 'HEAD' }))).body, '');
  t.is(refused(gateway, 'REQUEST_HEAD_TOO_LARGE'), 2);
});

for (const [what, fields] of Object.entries({
  'a pseudo-field that there is not': [':fragment: x'],
  'a pseudo-field of responses': [':status: 200'],
  'a field of connections': ['connection: close'],
  'transfer-encoding': ['transfer-encoding: chunked'],
  'a line break in a value': ['x: y\r\nx-hidden: 1'],
  'a length that is no number': ['content-length: +5'],
  'another host': ['host: elsewhere'],
})) {
  test(`nghttp reads why a request with ${what} is refused`, async (t) => {
    const gateway = await startGateway(t, { cluster: 'dc1' });
    const { stdout } = await run('nghttp', [
      ...['--verbose', '--timeout', '5', '--no-content-length'],
      ...['--header', `:authority: ${host}`],
      ...fields.flatMap((field) => ['--header', field]),
      gateway.url,
    ]);
    t.regex(stdout, /:status: 400/);
    t.regex(stdout, /"code":"REQUEST_REFUSED"/);
    t.notRegex(stdout, /recv RST_STREAM/);
    t.is(refused(gateway, 'REQUEST_REFUSED'), 1);
    t.is(refused(gateway, 'CLIENT_GONE'), 0);
  });
}

test('what is still to come of a refused upload is let in, and dropped', async (t) => {
  const gateway = await startGateway(t, { cluster: 'dc1' });
  const session = http2Session(t, gateway.url);
  for (const [authority, status] of [
    [`me@${host}`, 400],
    ['x'.repeat(17_000), 431],
  ] as const) {
    const upload = begin(session, { ':method': 'POST', ':authority': authority });
    upload.end('u'.repeat(500_000));
    t.is((await answerOf(upload)).status, status);
  }
  t.false(session.destroyed);
});

test('a body that is not as long as announced is answered 400 where nothing was answered yet, and given up at the endpoint', async (t) => {
  let given = 0;
  const origin = await startOrigin(t, 'one', (request, response) => {
    if (request.url === '/well') response.end('well');
    request.on('error', () => given++).resume();
  });
  const gateway = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  const session = http2Session(t, gateway.url);
  const upload = begin(session, { ':method': 'POST', 'content-length': 5 });
  upload.write('four');
  await until('its head has arrived', () => origin.requests.length === 1);
  upload.end('and more');
  const { status, body } = await answerOf(upload);
  t.is(status, 400);
  t.like(JSON.parse(body), {
    code: 'REQUEST_REFUSED',
    detail: 'The request is malformed: its body is not as long as announced',
  });
  t.is(refused(gateway, 'REQUEST_REFUSED'), 1);
  t.is(refused(gateway, 'CLIENT_GONE'), 0);
  await until('the endpoint hears of it', () => given === 1);
  t.is((await answerOf(begin(session, { ':path': '/well' }))).body, 'well');
  await until('nothing is under way', () => gateway.proxy.recorder.inFlight === 0);
});

test('where an answer has begun, such a request is reset, and counted all the same', async (t) => {
  const origin = await startOrigin(t, 'one', (request, response) => {
    request.on('error', () => undefined).resume();
    response.write('begun');
  });
  const gateway = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  const upload = begin(http2Session(t, gateway.url), { ':method': 'POST', 'content-length': 5 });
  upload.write('four');
  await once(upload, 'response');
  upload.resume().end('and more');
  await new Promise((resolve) => upload.on('close', resolve));
  t.is(upload.rstCode, constants.NGHTTP2_PROTOCOL_ERROR);
  t.is(refused(gateway, 'REQUEST_REFUSED'), 1);
  t.is(refused(gateway, 'CLIENT_GONE'), 0);
  await until('nothing is under way', () => gateway.proxy.recorder.inFlight === 0);
});

test('a client that never lets its refusals come is closed like one that rests', async (t) => {
  const gateway = await startGateway(t, { cluster: 'dc1', limits: { keepAliveMs: 200 } });
  const socket = dial(gateway.url);
  // That it is cut off is what the test waits for.
  socket.on('error', () => undefined);
  socket.resume();
  socket.write(Buffer.concat([hello, settings([setting.initialWindowSize, 0])]));
  socket.write(headers(1, [':method', 'GET', ':path', '/']));
  await until('it is refused', () => refused(gateway, 'REQUEST_REFUSED') === 1);
  await until('it is closed', () => socket.closed);
  t.pass();
});
