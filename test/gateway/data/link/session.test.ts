/** Specifies one connection of a link, against HTTP/2 as Node.js speaks it: what a stream's end means, and what a GOAWAY does. */

import { once } from 'node:events';
import {
  constants,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  sensitiveHeaders,
} from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../../../core/clock.ts';
import { LinkSession } from '../../../../gateway/data/link/session.ts';
import type { OutgoingRequest } from '../../../../gateway/data/message/message.ts';
import { SharedReads } from '../../../../gateway/data/socket/shared-reads.ts';
import { linkOptions } from '../../../../gateway/data/wire/http2/options.ts';
import { standStill } from '../../../support/stand-still.ts';
import { until } from '../../../support/until.ts';
import { outgoing, Probe, requestFor } from './probe.ts';

type Serve = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/** A session to a server that answers as `serve` does. */
async function linkTo(t: ExecutionContext, serve: Serve) {
  const server = createServer({ settings: { enableConnectProtocol: true } });
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
  const reads = new SharedReads();
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1', onread: reads.onread });
  const told: string[] = [];
  const session = new LinkSession({
    dialed: { socket, reads },
    address: 'dc2:1',
    clock: systemClock,
    pingIntervalMs: 50,
    heads: linkOptions,
    isCut: () => false,
    onRtt: () => undefined,
    onSuspicion: () => undefined,
    onForsaken: () => undefined,
    onWarning: () => told.push('warned'),
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

function ask(session: LinkSession, change: Partial<OutgoingRequest> = {}): Probe {
  return Probe.of((handler) => session.call(requestFor(change), handler));
}

test('a request, its body and trailers arrive, and the response with its trailers comes back', async (t) => {
  let asked: unknown;
  const { session } = await linkTo(t, (stream, headers) => {
    stream.on('trailers', (trailers) => {
      asked = trailers['x-end'];
    });
    stream.additionalHeaders({ ':status': 103 });
    stream.respond({ ':status': 200, 'x-asked': headers[':authority'] }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': 'abc' }));
    stream.pipe(stream);
  });
  const sent = 'b'.repeat(3_000_000);
  const probe = ask(session, { method: 'POST', bodyLength: sent.length });
  await probe.upload(Buffer.from(sent), ['x-end', 'yes']);
  const { head, body, trailers, interim } = await probe.whole();
  t.deepEqual(interim, [103]);
  t.is(head?.status, 200);
  t.is(head?.fields.get('x-asked'), 'orders.shop.acme');
  t.true(body === sent);
  t.deepEqual(trailers, ['x-sum', 'abc']);
  t.is(asked, 'yes');
  await until('it is over', () => session.streams === 0);
});

test('fields that came never-indexed go on so; a length is said once', async (t) => {
  const seen: IncomingHttpHeaders[] = [];
  const { session } = await linkTo(t, (stream, headers) => {
    seen.push(headers);
    stream.respond({ ':status': 204 }, { endStream: true });
  });
  const fields = { ...outgoing(['x-key', 'secret', 'accept', '*/*']), sensitive: ['x-key'] };
  const probe = ask(session, { method: 'PUT', fields, bodyLength: 4 });
  await probe.upload(Buffer.from('four'));
  const { head } = await probe.whole();
  t.is(head?.bodyLength, 'none');
  t.like(seen[0], { 'x-key': 'secret', 'content-length': '4', accept: '*/*' });
  t.deepEqual((seen[0] as Record<symbol, unknown>)[sensitiveHeaders], ['x-key']);
});

test('a response to HEAD announces a length that does not come', async (t) => {
  const { session } = await linkTo(t, (stream) => {
    stream.respond({ ':status': 200, 'content-length': 1234 }, { endStream: true });
  });
  const { head, body } = await ask(session, { method: 'HEAD' }).whole();
  t.is(head?.bodyLength, 1234);
  t.is(body, '');
});

test('a stream that is refused was provably not served; one that is reset may have been', async (t) => {
  const codes = [constants.NGHTTP2_REFUSED_STREAM, constants.NGHTTP2_INTERNAL_ERROR];
  const { session } = await linkTo(t, (stream) => stream.close(codes.shift()));
  t.like(await ask(session).failed(), { sent: 'no', code: 'UPSTREAM_FAILED' });
  t.like(await ask(session).failed(), { sent: 'maybe', code: 'UPSTREAM_FAILED' });
});

test('after a GOAWAY nothing new is sent, streams above its last were not served, others finish', async (t) => {
  const streams: ServerHttp2Stream[] = [];
  const { session, told, peer } = await linkTo(t, (stream) => void streams.push(stream));
  const [first, second, third] = [ask(session), ask(session), ask(session)];
  await until('they have arrived', () => streams.length === 3);
  peer.goaway(constants.NGHTTP2_NO_ERROR, streams[0]?.id);
  t.like(await second.failed(), { sent: 'no' });
  t.like(await third.failed(), { sent: 'no' });
  t.deepEqual(told, ['going away']);
  t.false(session.usable);
  const late = ask(session);
  t.is(late.failure, undefined, 'nothing is told before the call is with whoever made it');
  t.like(await late.failed(), { sent: 'no' });
  streams[0]?.respond({ ':status': 200 });
  streams[0]?.end('finished');
  t.is((await first.whole()).body, 'finished');
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
    const streams: ServerHttp2Stream[] = [];
    const { session } = await linkTo(t, (stream) => {
      streams.push(stream);
      stream.respond({ ':status': 200, 'content-length': 1000 });
      stream.write('half');
    });
    const probe = ask(session);
    await until('half of it came', () => probe.body === 'half');
    cut(streams[0] as ServerHttp2Stream);
    t.like(await probe.failed(), { sent: 'maybe' });
    t.is(probe.trailers, undefined);
  });
}

test('a call that is cancelled, before its response or in it, resets the stream and is told no more', async (t) => {
  const codes: number[] = [];
  const { session } = await linkTo(t, (stream, headers) => {
    stream.on('close', () => codes.push(stream.rstCode));
    if (headers[':path'] === '/silent') return;
    stream.respond({ ':status': 200 });
    stream.write('half');
  });
  const begun = ask(session);
  await until('half of it came', () => begun.body === 'half');
  const silent = ask(session, { path: '/silent', method: 'POST', bodyLength: 'unknown' });
  await until('both are under way', () => session.streams === 2);
  for (const { call } of [begun, silent]) call?.cancel();
  t.is(session.streams, 0);
  await until('they are reset', () => codes.length === 2);
  t.deepEqual(codes, [constants.NGHTTP2_CANCEL, constants.NGHTTP2_CANCEL]);
  t.false(silent.call?.write(Buffer.from('too late')));
  for (const { failure, trailers } of [begun, silent])
    t.deepEqual([failure, trailers], [undefined, undefined]);
});

test('a response that is whole before its request wants no more of it', async (t) => {
  const codes: number[] = [];
  const { session } = await linkTo(t, (stream) => {
    stream.on('close', () => codes.push(stream.rstCode));
    stream.respond({ ':status': 413 });
    stream.end('too much');
  });
  const probe = ask(session, { method: 'POST', bodyLength: 'unknown' });
  probe.call?.write(Buffer.from('some'));
  t.is((await probe.whole()).body, 'too much');
  t.false(probe.call?.write(Buffer.from('more')));
  await until('it is over', () => codes.length === 1 && session.streams === 0);
  t.is(probe.failure, undefined);
});

test('a tunnel goes on one way when it has ended the other way', async (t) => {
  const { session } = await linkTo(t, (stream, headers) => {
    t.is(headers[':method'], 'CONNECT');
    t.is(headers[':protocol'], 'websocket');
    stream.respond({ ':status': 200 });
    stream.end('ours');
    let theirs = '';
    stream.on('data', (data) => {
      theirs += data;
    });
    stream.on('end', () => {
      heard = theirs;
    });
  });
  let heard: string | undefined;
  const tunnel = { kind: 'upgrade', protocol: 'websocket' } as const;
  const probe = ask(session, { tunnel, bodyLength: 'unknown' });
  const { head, body } = await probe.whole();
  t.is(head?.status, 101);
  t.is(body, 'ours');
  t.true(probe.call?.write(Buffer.from('theirs')));
  probe.call?.end();
  await until('it was heard to its end', () => heard === 'theirs');
  await until('it is over', () => session.streams === 0);
  t.is(probe.failure, undefined);
});

test('a response that nobody reads holds its sender back, and nobody else; read on, it is whole', async (t) => {
  const large = Buffer.alloc(3_000_000, 'large body ');
  let written = 0;
  const { session } = await linkTo(t, (stream, headers) => {
    // Without trailers Node.js may reset a stream that waited long, without an error, in place of ending it.
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': 'abc' }));
    if (headers[':method'] === 'POST') {
      stream.end('well');
      return;
    }
    let at = 0;
    const pour = () => {
      while (at < large.length) {
        const piece = large.subarray(at, at + 65_536);
        at += piece.length;
        written += piece.length;
        if (!stream.write(piece)) return;
      }
      stream.off('drain', pour).end();
    };
    stream.on('drain', pour);
    pour();
  });
  const unread = Array.from({ length: 20 }, () => {
    const probe = new Probe();
    probe.isReading = false;
    probe.call = session.call(requestFor(), probe);
    return probe;
  });
  await until('all have begun', () => unread.every(({ pieces }) => pieces.length > 0));
  await standStill('the sender', () => written);
  t.true(written < 20 * 2 * (1 << 20), `${written} bytes written`);
  for (const { pieces } of unread) t.is(pieces.length, 1, 'nothing is told after the stop');
  t.is((await ask(session, { method: 'POST' }).whole()).body, 'well');
  for (const probe of unread) {
    probe.isReading = true;
    probe.call?.read();
  }
  for (const probe of unread) t.true((await probe.whole()).body === large.toString('latin1'));
});

test('a drain lets what is under way finish, and then the connection goes', async (t) => {
  const streams: ServerHttp2Stream[] = [];
  const { session, told, peer } = await linkTo(t, (stream) => void streams.push(stream));
  const probe = ask(session);
  await until('it has arrived', () => streams.length === 1);
  session.drain(10_000);
  t.false(session.usable);
  streams[0]?.respond({ ':status': 200 });
  streams[0]?.end('finished');
  t.is((await probe.whole()).body, 'finished');
  await until('it has ended', () => told.length === 1 && peer.destroyed);
  t.deepEqual(told, ['end: replaced']);
});
