/** Specifies one connection of a link, against HTTP/2 as Node.js speaks it: what a stream's end means, and what a GOAWAY does. */
import { once } from 'node:events';
import {
  constants,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../../core/clock.ts';
import { LinkSession } from '../../../gateway/link/session.ts';
import type { Outcome, Response } from '../../../gateway/proxy/message.ts';
import { until } from '../../support/until.ts';

type Serve = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/** A session to a server that answers as `serve` does. */
async function linkTo(t: ExecutionContext, serve: Serve) {
  const server = createServer();
  const peers: ServerHttp2Session[] = [];
  server.on('session', (session) => {
    peers.push(session);
    session.on('error', () => undefined);
  });
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => undefined);
    serve(stream, headers);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const told: string[] = [];
  const session = new LinkSession({
    socket,
    address: 'dc2:1',
    clock: systemClock,
    pingIntervalMs: 50,
    onRtt: () => undefined,
    onGoingAway: () => told.push('going away'),
    onEnd: (why) => told.push(`end: ${why}`),
  });
  t.teardown(() => {
    session.destroy('the test is over');
    server.close();
    for (const peer of peers) peer.destroy();
  });
  await until('the round trip is known', () => session.rttMs !== undefined);
  return { session, told, peer: peers[0] as ServerHttp2Session };
}

function ask(
  session: LinkSession,
  {
    method = 'GET',
    body,
    signal = new AbortController().signal,
  }: { method?: string; body?: Readable; signal?: AbortSignal } = {},
): Promise<Outcome> {
  const head = {
    method,
    protocol: '1.1',
    authority: 'orders.shop.acme',
    path: '/',
    fields: [],
  } as const;
  return session.request(head, body, { signal, connectMs: 1_000 });
}

function answered(t: ExecutionContext, outcome: Outcome): Response {
  if (outcome.kind === 'response') return outcome;
  t.log(outcome);
  throw new Error('no response');
}

test('a request and its body arrive, and the response with its trailers comes back', async (t) => {
  const { session } = await linkTo(t, (stream, headers) => {
    stream.respond({ ':status': 200, 'x-asked': headers[':authority'] }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': 'abc' }));
    stream.pipe(stream);
  });
  const sent = 'b'.repeat(3_000_000);
  const outcome = await ask(session, { method: 'POST', body: Readable.from([Buffer.from(sent)]) });
  const { status, fields, body, trailers } = answered(t, outcome);
  t.is(status, 200);
  t.is(fields[fields.indexOf('x-asked') + 1], 'orders.shop.acme');
  t.is(await text(body), sent);
  t.deepEqual(trailers(), ['x-sum', 'abc']);
  await until('it is over', () => session.streams === 0);
});

test('a response to HEAD announces a length that does not come', async (t) => {
  const { session } = await linkTo(t, (stream) => {
    stream.respond({ ':status': 200, 'content-length': 1234 }, { endStream: true });
  });
  const { body } = answered(t, await ask(session, { method: 'HEAD' }));
  t.is(await text(body), '');
});

test('a stream that is refused was provably not served; one that is reset may have been', async (t) => {
  const codes = [constants.NGHTTP2_REFUSED_STREAM, constants.NGHTTP2_INTERNAL_ERROR];
  const { session } = await linkTo(t, (stream) => stream.close(codes.shift()));
  t.like(await ask(session), { kind: 'failed', sent: 'no', code: 'UPSTREAM_FAILED' });
  t.like(await ask(session), { kind: 'failed', sent: 'maybe', code: 'UPSTREAM_FAILED' });
});

test('after a GOAWAY nothing new is sent, streams above its last were not served, others finish', async (t) => {
  const streams: ServerHttp2Stream[] = [];
  const { session, told, peer } = await linkTo(t, (stream) => void streams.push(stream));
  const outcomes = [ask(session), ask(session), ask(session)];
  await until('they have arrived', () => streams.length === 3);
  peer.goaway(constants.NGHTTP2_NO_ERROR, streams[0]?.id);
  t.like(await outcomes[1], { kind: 'failed', sent: 'no' });
  t.like(await outcomes[2], { kind: 'failed', sent: 'no' });
  t.deepEqual(told, ['going away']);
  t.false(session.usable);
  t.like(await ask(session), { kind: 'failed', sent: 'no' });
  streams[0]?.respond({ ':status': 200 });
  streams[0]?.end('finished');
  const { body } = answered(t, (await outcomes[0]) as Outcome);
  t.is(await text(body), 'finished');
  await until('it ends', () => told.length === 2);
});

test('a GOAWAY with an error is an end, not an invitation to come again', async (t) => {
  const { session, told, peer } = await linkTo(t, () => undefined);
  peer.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from('too much'));
  await until('it ends', () => told.length > 0);
  t.false(session.usable);
  t.deepEqual(told, ['end: the other side gave it up with code 11: too much']);
});

for (const [how, cut] of [
  ['reset', (stream: ServerHttp2Stream) => stream.close(constants.NGHTTP2_CANCEL)],
  ['reset without an error', (stream: ServerHttp2Stream) => stream.close()],
  ['lost with its connection', ({ session }: ServerHttp2Stream) => session?.socket.destroy()],
] as const) {
  test(`a response that is ${how} breaks, and never ends well`, async (t) => {
    const { session } = await linkTo(t, (stream) => {
      stream.respond({ ':status': 200, 'content-length': 1000 });
      stream.write('half');
      setTimeout(() => cut(stream), 20);
    });
    const { body } = answered(t, await ask(session));
    await t.throwsAsync(text(body));
  });
}

test('a request body that breaks resets the stream', async (t) => {
  const codes: number[] = [];
  const { session } = await linkTo(t, (stream) => {
    stream.resume();
    stream.on('close', () => codes.push(stream.rstCode));
  });
  const body = new Readable({ read: () => undefined });
  const outcome = ask(session, { method: 'POST', body });
  body.push('half');
  await until('it is under way', () => session.streams === 1);
  body.destroy(new Error('client gone'));
  t.like(await outcome, { kind: 'failed', sent: 'maybe' });
  await until('it is reset', () => codes.length === 1);
  t.deepEqual(codes, [constants.NGHTTP2_CANCEL]);
});

test('a request that is given up before its response, or whose response is, resets the stream', async (t) => {
  const codes: number[] = [];
  const { session } = await linkTo(t, (stream) => {
    stream.on('close', () => codes.push(stream.rstCode));
    stream.respond({ ':status': 200 });
    stream.write('half');
  });
  const { body } = answered(t, await ask(session));
  body.destroy();
  await until('it is reset', () => codes.length === 1);
  const silent = await linkTo(t, (stream) => {
    stream.on('close', () => codes.push(stream.rstCode));
  });
  const giveUp = new AbortController();
  const outcome = ask(silent.session, { signal: giveUp.signal });
  await until('it is under way', () => silent.session.streams === 1);
  giveUp.abort();
  t.like(await outcome, { kind: 'failed', sent: 'maybe', code: 'UPSTREAM_TIMED_OUT' });
  await until('it is reset', () => codes.length === 2);
  t.deepEqual(codes, [constants.NGHTTP2_CANCEL, constants.NGHTTP2_CANCEL]);
  t.like(await ask(silent.session, { signal: giveUp.signal }), { kind: 'failed', sent: 'no' });
});

test('a response that nobody reads holds its sender back, and nobody else', async (t) => {
  let written = 0;
  const { session } = await linkTo(t, (stream, headers) => {
    stream.respond({ ':status': 200 });
    if (headers[':method'] === 'POST') {
      stream.end('well');
      return;
    }
    const chunk = Buffer.alloc(65_536);
    const pour = () => {
      do written += chunk.length;
      while (!stream.destroyed && stream.write(chunk));
    };
    stream.on('drain', pour);
    pour();
  });
  const unread = await Promise.all(Array.from({ length: 20 }, () => ask(session)));
  let before = -1;
  await until('they stand still', async () => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const still = before === written;
    before = written;
    return still;
  });
  t.true(written < 20 * 2 * (1 << 20), `${written} bytes written`);
  const { body } = answered(t, await ask(session, { method: 'POST' }));
  t.is(await text(body), 'well');
  for (const outcome of unread) answered(t, outcome).body.destroy();
});

test('a drain lets what is under way finish, and then the connection goes', async (t) => {
  const streams: ServerHttp2Stream[] = [];
  const { session, told, peer } = await linkTo(t, (stream) => void streams.push(stream));
  const outcome = ask(session);
  await until('it has arrived', () => streams.length === 1);
  session.drain(10_000);
  t.false(session.usable);
  streams[0]?.respond({ ':status': 200 });
  streams[0]?.end('finished');
  t.is(await text(answered(t, await outcome).body), 'finished');
  await until('it has ended', () => told.length === 1 && peer.destroyed);
  t.deepEqual(told, ['end: replaced']);
});
