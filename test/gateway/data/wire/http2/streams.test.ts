/** Specifies the life of a stream, from a request to its end on both sides (RFC 9113 sections 5.1 and 8.1). */
import test from 'ava';
import { errorCode, flag, frameType } from '../../../../../gateway/data/wire/http2/protocol.ts';
import { block, data, endStream, frame, get, headers, ok, post, rst, uint32 } from './frames.ts';
import { client, head, pair, request, server } from './sides.ts';

test('a request with body and trailers, and a response with both, pass whole', (t) => {
  const { client: near, server: far, exchange } = pair();
  const stream = request(near, head('POST', ['c', 'd']), false);
  stream.write(Buffer.from('re'), false);
  stream.write(Buffer.from('quest'), false);
  stream.trailers(['sum', '1']);
  exchange();
  const answer = far.recorder.streams.get(1);
  answer?.respond({ status: 103, fields: ['link', '</a>'] }, false);
  answer?.respond({ status: 200, fields: ['a', 'b'] }, false);
  answer?.write(Buffer.from('response'), false);
  answer?.trailers(['sum', '2']);
  exchange();
  t.like(far.recorder.events, [
    { event: 'request', ends: false, head: { method: 'POST', fields: ['c', 'd'] } },
    { event: 'data', text: 'request', ends: false },
    { event: 'trailers', fields: ['sum', '1'] },
    { event: 'closed', end: { kind: 'complete' } },
  ]);
  t.like(near.recorder.events, [
    { event: 'informational', head: { status: 103, fields: ['link', '</a>'] } },
    { event: 'response', ends: false, head: { status: 200, fields: ['a', 'b'] } },
    { event: 'data', text: 'response', ends: false },
    { event: 'trailers', fields: ['sum', '2'] },
    { event: 'closed', end: { kind: 'complete' } },
  ]);
  t.is(near.connection.openStreams + far.connection.openStreams, 0);
});

test('a head and a small body leave in one go, and the end is on the last frame', (t) => {
  const side = server();
  side.recorder.answer = (stream) => {
    stream.respond({ status: 200, fields: [] }, false);
    stream.write(Buffer.from('small'), true);
  };
  const { outputs } = side.recorder;
  side.receive(headers(1, get));
  t.is(side.recorder.outputs, outputs + 1);
  const taken = side.connection.take();
  t.is(side.connection.take(), undefined);
  t.is(taken?.length, 9 + 1 + 9 + 5);
  t.is(taken?.[10 + 4], endStream);
});

test('an end that comes right behind the last piece, or the head, is on their frame', (t) => {
  const side = client();
  const stream = request(side, head('POST'), false);
  stream.write(Buffer.from('small'), false);
  const short = request(side, head('POST'), false);
  stream.write(Buffer.alloc(0), true);
  short.write(Buffer.alloc(0), true);
  t.deepEqual(
    side.sent().map(({ type, id, flags }) => [type, id, flags & flag.endStream]),
    [
      [frameType.headers, 1, 0],
      [frameType.data, 1, flag.endStream],
      [frameType.headers, 3, flag.endStream],
    ],
  );
});

test('a server that has answered wants no more of the request, without calling it an error', (t) => {
  const side = server();
  side.recorder.answer = (stream) => {
    stream.respond({ status: 200, fields: [] }, false);
    stream.write(Buffer.from('enough'), true);
  };
  side.receive(headers(1, post, false));
  t.deepEqual(side.recorder.endOf(1), { kind: 'complete' });
  t.like(side.sent(), [
    { type: frameType.headers },
    { type: frameType.data, flags: flag.endStream },
  ]);
  const reset = { type: frameType.rstStream, payload: Buffer.from([0, 0, 0, errorCode.noError]) };
  for (let sent = 16_384; sent < 1 << 20; sent += 16_384) {
    side.receive(data(1, Buffer.alloc(16_384)));
    const frames = side.sent();
    t.true(frames.some(({ type, id }) => type === frameType.windowUpdate && id === 1));
    t.false(frames.some(({ type }) => type === frameType.rstStream));
  }
  side.receive(data(1, Buffer.alloc(16_384)));
  t.like(
    side.sent().filter(({ id }) => id === 1),
    [reset],
  );
  side.receive(data(1, 'on its way', true));
  t.is(side.recorder.end, undefined);
});

test('a request that stands still, unread, may go on once it is answered', (t) => {
  const side = server({ streamWindow: 65_535 });
  side.recorder.consumes = false;
  const piece = Buffer.alloc(13_107);
  side.receive(headers(1, post, false), ...Array.from({ length: 5 }, () => data(1, piece)));
  t.false(side.sent().some(({ type, id }) => type === frameType.windowUpdate && id === 1));
  side.recorder.streams.get(1)?.respond({ status: 403, fields: [] }, true);
  const [answer, update] = side.sent();
  t.is(answer?.type, frameType.headers);
  t.like(update, { type: frameType.windowUpdate, id: 1, payload: uint32(65_535) });
});

test('a request that ends soon after its answer is not reset', (t) => {
  const side = server();
  side.recorder.answer = (stream) => stream.respond({ status: 404, fields: [] }, true);
  side.receive(headers(1, post, false), data(1, 'the rest', true));
  t.false(side.sent().some(({ type }) => type === frameType.rstStream));
  t.is(side.recorder.end, undefined);
});

test('a request that goes on after its answer is reset when it is given up, with NO_ERROR, and no other', (t) => {
  const side = server();
  side.recorder.answer = (stream) => stream.respond({ status: 403, fields: [] }, true);
  side.receive(headers(1, post, false), headers(3, post, false));
  t.deepEqual(side.recorder.unfinished, [1, 3]);
  side.receive(data(3, 'the rest', true));
  side.sent();
  side.connection.giveUp(1);
  side.connection.giveUp(3);
  const payload = Buffer.from([0, 0, 0, errorCode.noError]);
  t.deepEqual(
    side.sent().map(({ type, id, payload: sent }) => ({ type, id, payload: sent })),
    [{ type: frameType.rstStream, id: 1, payload }],
  );
  side.receive(data(1, 'on its way'));
  t.is(side.recorder.end, undefined);
});

test('a client hears something after the end of a request that was answered before it', (t) => {
  const side = server();
  side.recorder.answer = (stream) => stream.respond({ status: 403, fields: [] }, true);
  side.receive(headers(1, post, false));
  side.sent();
  side.receive(data(1, '', true));
  t.like(side.sent(), [{ type: frameType.ping, flags: 0 }]);
});

test('a tunnel goes on one way when it has ended the other way', (t) => {
  const side = server();
  const events = side.recorder.events;
  side.recorder.answer = (stream) => {
    stream.respond({ status: 200, fields: [] }, false);
    stream.write(Buffer.from('ours'), true);
  };
  side.receive(headers(1, [':method', 'CONNECT', ':authority', 'a:1'], false));
  t.is(side.recorder.endOf(1), undefined);
  side.receive(data(1, 'theirs', true));
  t.like(events.slice(1), [
    { event: 'data', text: 'theirs', ends: true },
    { event: 'closed', end: { kind: 'complete' } },
  ]);
});

test('a client that resets a request whose answer it does not have has gone, whatever it calls that', (t) => {
  const side = server();
  side.receive(headers(1, get), rst(1, errorCode.noError));
  t.deepEqual(side.recorder.endOf(1), { kind: 'reset-by-peer', code: errorCode.noError });
});

test('pieces of a DATA frame are passed on before it is whole', (t) => {
  const side = server();
  const whole = data(1, 'hello', true);
  side.receive(headers(1, post, false));
  side.receive(whole.subarray(0, 11));
  t.like(side.recorder.events.at(-1), { event: 'data', text: 'he', ends: false });
  side.receive(whole.subarray(11));
  t.like(side.recorder.events.at(-1), { event: 'data', text: 'hello', ends: true });
});

test('padding and priority are taken off', (t) => {
  const side = server();
  const padded = Buffer.concat([Buffer.from([3]), Buffer.alloc(5), block(post), Buffer.alloc(3)]);
  side.receive(
    frame(frameType.headers, flag.endHeaders | flag.padded | flag.priority, 1, padded),
    frame(frameType.data, flag.padded | flag.endStream, 1, Buffer.from('\x02hi\0\0')),
    headers(3, get),
  );
  t.like(side.recorder.events, [
    { event: 'request', id: 1 },
    { event: 'data', text: 'hi', ends: true },
    { event: 'request', id: 3 },
  ]);
});

test('a header block comes in any number of pieces up to 32 CONTINUATION frames', (t) => {
  const side = server();
  const whole = block([...get, 'a', 'x'.repeat(100)]);
  const last = 32;
  const pieces = Array.from({ length: last + 1 }, (_, n) =>
    frame(
      n === 0 ? frameType.headers : frameType.continuation,
      (n === 0 ? flag.endStream : 0) | (n === last ? flag.endHeaders : 0),
      1,
      n === last ? whole.subarray(n) : whole.subarray(n, n + 1),
    ),
  );
  side.receive(...pieces);
  t.like(side.recorder.events, [{ event: 'request', ends: true }]);
});

test('a header block over the frame size leaves as HEADERS and CONTINUATION', (t) => {
  const options = { maxHeadBytes: 100_000 };
  const { client: near, server: far, exchange } = pair({}, options);
  const fields = Array.from({ length: 5 }, (_, n) => [
    'x',
    String.fromCharCode(0x80 + n).repeat(9_999),
  ]).flat();
  request(near, head('GET', fields), true);
  t.deepEqual(
    near.sent().map(({ type, flags, payload: { length } }) => [type, flags, length]),
    [
      [frameType.headers, flag.endStream, 16_384],
      [frameType.continuation, 0, 16_384],
      [frameType.continuation, 0, 16_384],
      [frameType.continuation, flag.endHeaders, 886],
    ],
  );
  request(near, head('GET', fields), true);
  exchange();
  t.like(far.recorder.events, [{ event: 'request', head: { fields } }]);
});

for (const [what, frames, code] of [
  ['DATA', [data(1, 'x')], errorCode.streamClosed],
  ['HEADERS', [headers(1, ['a', 'b'])], errorCode.streamClosed],
] as const) {
  test(`${what} after the end of a request resets the stream`, (t) => {
    const side = server();
    side.receive(headers(1, get), ...frames);
    t.like(side.recorder.endOf(1), { kind: 'reset', code });
    t.is(side.recorder.end, undefined);
  });
}

test('PRIORITY of a wrong length resets its stream alone', (t) => {
  const side = server();
  side.receive(headers(1, get), frame(frameType.priority, 0, 1, Buffer.alloc(4)));
  t.like(side.recorder.endOf(1), { kind: 'reset', code: errorCode.frameSizeError });
});

test('a reset closes the stream on both sides, and what waited is dropped', (t) => {
  const { client: near, server: far, exchange } = pair();
  const stream = request(near, head('POST'), false);
  stream.write(Buffer.alloc(200_000), false);
  exchange();
  stream.reset(errorCode.cancel);
  t.false(stream.write(Buffer.from('more'), true));
  exchange();
  t.deepEqual(far.recorder.endOf(1), { kind: 'reset-by-peer', code: errorCode.cancel });
  t.like(near.recorder.endOf(1), { kind: 'reset', code: errorCode.cancel });
  t.is(stream.queued, 0);
});

test('what was on its way when a stream was reset is passed over, and its credit given back', (t) => {
  const side = server({ connectionWindow: 65_535 });
  side.receive(headers(1, post, false));
  side.recorder.streams.get(1)?.reset(errorCode.cancel);
  side.sent();
  for (let n = 0; n < 3; n++) side.receive(data(1, Buffer.alloc(16_000)));
  side.receive(headers(1, ['late', 'trailers']), headers(3, get));
  t.is(side.recorder.end, undefined);
  t.like(side.recorder.events.at(-1), { event: 'request', id: 3 });
  const [credit] = side.sent();
  t.like(credit, { type: frameType.windowUpdate, id: 0 });
});

test('a stream that was refused says that nothing was done with it', (t) => {
  const side = client();
  request(side, head(), true);
  side.receive(rst(1, errorCode.refusedStream));
  t.is(side.recorder.endOf(1)?.kind, 'refused');
});

test('a response that is whole stays so when the rest of the request is not wanted', (t) => {
  const side = client();
  request(side, head('POST'), false);
  side.receive(headers(1, ok), rst(1, errorCode.noError));
  t.is(side.recorder.endOf(1)?.kind, 'complete');
});

test('streams over the limit are refused, and a place is free again when one closes', (t) => {
  const side = server({ maxConcurrentStreams: 2 });
  side.receive(headers(1, get), headers(3, get), headers(5, get));
  const [refusal] = side.sent();
  t.like(refusal, { type: frameType.rstStream, id: 5 });
  t.is(refusal?.payload.readUInt32BE(0), errorCode.refusedStream);
  t.like(side.recorder.events.at(-1), { event: 'excess' });
  side.recorder.streams.get(1)?.respond({ status: 200, fields: [] }, true);
  side.receive(headers(7, get));
  t.is(side.connection.requests, 3);
});

test('a client opens no more streams than the server allows', (t) => {
  const side = client({}, [3, 1]);
  request(side, head(), true);
  t.is(side.connection.request(head(), true, side.recorder), 'busy');
  side.receive(headers(1, ok));
  t.is(request(side, head(), true).id, 3);
});

test('extended CONNECT is sent only where it is offered, and carries octets both ways', (t) => {
  const what = { ...head('CONNECT'), protocol: 'websocket' };
  t.is(client().connection.request(what, false, client().recorder), 'no-extended-connect');
  const { client: near, server: far, exchange } = pair({}, { connectProtocol: true });
  const stream = request(near, what, false);
  far.recorder.answer = (its) => its.respond({ status: 200, fields: [] }, false);
  exchange();
  stream.write(Buffer.from('ping'), false);
  far.recorder.streams.get(1)?.write(Buffer.from('pong'), false);
  exchange();
  t.like(far.recorder.events, [
    { head: { method: 'CONNECT', protocol: 'websocket' } },
    { text: 'ping' },
  ]);
  t.like(near.recorder.events, [{ event: 'response' }, { text: 'pong' }]);
});

test('a handler that ends its stream while it is told of it hears of the end, once', (t) => {
  const side = server();
  side.recorder.answer = (stream) => stream.reset(errorCode.cancel);
  side.receive(headers(1, get));
  t.deepEqual(
    side.recorder.events.map(({ event }) => event),
    ['request', 'closed'],
  );
});

test('a list over the limit is left to be answered, and the connection goes on', (t) => {
  const side = server();
  side.receive(
    headers(1, [...get, 'a', 'x'.repeat(16_384 / 2), 'b', 'y'.repeat(16_384 / 2)], false),
    headers(3, get),
  );
  t.like(side.sent(), [
    { type: frameType.headers, id: 1, flags: flag.endHeaders },
    { type: frameType.data, id: 1, flags: flag.endStream },
  ]);
  t.like(side.recorder.events, [
    { event: 'unreadable', id: 1, status: 431, method: 'GET' },
    { event: 'closed', id: 1, end: { kind: 'complete' } },
    { event: 'request', id: 3 },
  ]);
});

test('a response head over the limit resets its stream', (t) => {
  const side = client();
  request(side, head(), true);
  side.receive(headers(1, [...ok, 'a', 'x'.repeat(16_384 / 2), 'b', 'y'.repeat(16_384 / 2)]));
  t.like(side.recorder.endOf(1), { kind: 'reset', code: errorCode.enhanceYourCalm });
  t.is(side.recorder.end, undefined);
});
