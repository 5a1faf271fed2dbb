/** Specifies flow control both ways and the turns that bodies take (RFC 9113 section 5.2). */
import test from 'ava';
import { linkOptions } from '../../../../../gateway/data/wire/http2/options.ts';
import { errorCode, flag, frameType } from '../../../../../gateway/data/wire/http2/protocol.ts';
import { data, frame, get, headers, ok, post, settings, windowUpdate } from './frames.ts';
import { bodyIn, client, head, pair, request, server } from './sides.ts';

const setWindow = (size: number) => settings([4, size]);

function lengths(frames: readonly { type: number; payload: Buffer }[]): number[] {
  return frames.filter(({ type }) => type === frameType.data).map(({ payload }) => payload.length);
}

test('a body waits for the window of its stream, and then for that of the connection', (t) => {
  const side = client({}, [4, 10]);
  const stream = request(side, head('POST'), false);
  stream.write(Buffer.from('0123456789abcdef'), true);
  t.is(bodyIn(side.sent(), 1).toString(), '0123456789');
  t.is(stream.queued, 6);
  side.receive(windowUpdate(1, 4));
  const [frameOf4] = side.sent();
  t.is(frameOf4?.payload.toString(), 'abcd');
  t.is(frameOf4?.flags, 0);
  side.receive(windowUpdate(1, 100));
  const [last] = side.sent();
  t.is(last?.payload.toString(), 'ef');
  t.is(last?.flags, flag.endStream);
});

test('all streams together keep to the window of the connection', (t) => {
  const side = client({}, [4, 1_000_000]);
  const streams = [1, 2].map(() => request(side, head('POST'), false));
  for (const stream of streams) stream.write(Buffer.alloc(50_000), true);
  t.is(bodyIn(side.sent(), 1).length, 50_000);
  side.receive(windowUpdate(0, 10_000));
  t.is(bodyIn(side.sent(), 3).length, 10_000);
  t.is(streams[1]?.queued, 50_000 - 15_535 - 10_000);
});

test('an empty end needs no window', (t) => {
  const side = client({}, [4, 0]);
  const stream = request(side, head('POST'), false);
  side.sent();
  stream.write(Buffer.alloc(0), true);
  t.like(side.sent().at(-1), { type: frameType.data, flags: flag.endStream });
});

test('a smaller initial window makes windows negative, and they are made up for first', (t) => {
  const side = client({}, [4, 100]);
  const stream = request(side, head('POST'), false);
  stream.write(Buffer.alloc(80), false);
  side.receive(setWindow(30));
  stream.write(Buffer.alloc(40), false);
  t.deepEqual(lengths(side.sent()), [80], 'the window is -50');
  side.receive(windowUpdate(1, 50));
  t.deepEqual(lengths(side.sent()), [], 'it is 0');
  side.receive(windowUpdate(1, 1));
  t.deepEqual(lengths(side.sent()), [1]);
  side.receive(setWindow(60));
  t.deepEqual(lengths(side.sent()), [30]);
});

test('an initial window of 0 stops what waits, and a larger one sets it going', (t) => {
  const side = client({}, [4, 0]);
  const stream = request(side, head('POST'), false);
  stream.write(Buffer.from('later'), true);
  t.deepEqual(lengths(side.sent()), []);
  const { outputs } = side.recorder;
  side.receive(setWindow(100));
  t.true(side.recorder.outputs > outputs);
  t.is(bodyIn(side.sent(), 1).toString(), 'later');
});

test('bodies are cut to the frames that the other side takes, and never to more than 64 KiB', (t) => {
  for (const [maxFrame, longest] of [
    [16_384, 16_384],
    [40_000, 40_000],
    [1 << 20, 65_536],
  ] as const) {
    const side = client({}, [4, 1 << 20], [5, maxFrame]);
    side.receive(windowUpdate(0, 1 << 20));
    request(side, head('POST'), false).write(Buffer.alloc(200_000), true);
    t.is(Math.max(...lengths(side.sent())), longest);
  }
});

test('between gateways a read of 64 KiB is one frame', (t) => {
  const { client: near, exchange } = pair(linkOptions, linkOptions);
  const stream = request(near, head('POST'), false);
  exchange();
  stream.write(Buffer.alloc(65_536), false);
  t.deepEqual(lengths(near.sent()), [65_536]);
});

test('DATA beyond the window of a stream resets it; beyond that of the connection, it ends that', (t) => {
  const side = server({ streamWindow: 1_000, connectionWindow: 65_535 });
  side.recorder.consumes = false;
  side.receive(headers(1, post, false), data(1, Buffer.alloc(1_000)), data(1, 'x'));
  t.like(side.recorder.endOf(1), { kind: 'reset', code: errorCode.flowControlError });
  t.is(side.recorder.end, undefined);
  const whole = server({ streamWindow: 100_000, connectionWindow: 65_535 });
  whole.recorder.consumes = false;
  whole.receive(headers(1, post, false));
  for (let n = 0; n < 4; n++) whole.receive(data(1, Buffer.alloc(16_384)));
  t.like(whole.recorder.end, { kind: 'failed', code: errorCode.flowControlError });
});

test('a client may use the default window until it has acknowledged a smaller one', (t) => {
  const side = server({ streamWindow: 10 }, false);
  side.recorder.consumes = false;
  const [preface, ack] = [
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    frame(frameType.settings, flag.ack, 0),
  ];
  side.receive(preface, settings(), headers(1, post, false), data(1, Buffer.alloc(5_000)));
  t.is(side.recorder.endOf(1), undefined);
  side.receive(ack, data(1, 'x'));
  t.like(side.recorder.endOf(1), { kind: 'reset', code: errorCode.flowControlError });
});

test('credit goes back only for what was consumed, and in few frames', (t) => {
  const side = server({ streamWindow: 10_000, connectionWindow: 65_535 });
  side.recorder.consumes = false;
  side.receive(headers(1, post, false), data(1, Buffer.alloc(10_000)));
  t.deepEqual(side.sent(), []);
  const stream = side.recorder.streams.get(1);
  stream?.consume(4_999);
  t.deepEqual(side.sent(), []);
  stream?.consume(1);
  const [update] = side.sent();
  t.like(update, { type: frameType.windowUpdate, id: 1 });
  t.is(update?.payload.readUInt32BE(), 5_000);
  stream?.consume(1_000_000);
  t.is(side.sent()[0]?.payload.readUInt32BE(), 5_000, 'no more than there was');
});

test('padding takes window and is consumed at once', (t) => {
  const side = server({ streamWindow: 100, connectionWindow: 65_535 });
  side.recorder.consumes = false;
  side.receive(
    headers(1, post, false),
    frame(frameType.data, flag.padded, 1, Buffer.concat([Buffer.from([80]), Buffer.alloc(80)])),
  );
  t.is(side.sent()[0]?.payload.readUInt32BE(), 81);
});

test('a stream that has ended well gives its credit back as it is consumed', (t) => {
  const side = server({ connectionWindow: 65_535 });
  side.recorder.consumes = false;
  side.receive(headers(1, post, false));
  for (let n = 0; n < 3; n++) side.receive(data(1, Buffer.alloc(16_000), n === 2));
  const stream = side.recorder.streams.get(1);
  stream?.respond({ status: 200, fields: [] }, true);
  side.sent();
  t.is(side.connection.openStreams, 0);
  stream?.consume(48_000);
  t.like(side.sent(), [{ type: frameType.windowUpdate, id: 0 }]);
});

test('a stream that is answered in the middle of a frame gives the connection back all of it', (t) => {
  const side = server({ connectionWindow: 65_535 });
  const frames = data(1, Buffer.alloc(16_000));
  for (const id of [1, 3, 5, 7, 9, 11]) {
    frames.writeUInt32BE(id, 5);
    side.receive(headers(id, post, false), frames.subarray(0, 1_000));
    side.recorder.streams.get(id)?.respond({ status: 413, fields: [] }, true);
    side.receive(frames.subarray(1_000));
    side.sent();
  }
  t.is(side.recorder.end, undefined);
});

test('a stream that broke gives the connection back what it held', (t) => {
  const side = server({ connectionWindow: 65_535 });
  side.recorder.consumes = false;
  side.receive(headers(1, post, false));
  for (let n = 0; n < 3; n++) side.receive(data(1, Buffer.alloc(16_000)));
  t.deepEqual(side.sent(), []);
  side.recorder.streams.get(1)?.reset(errorCode.cancel);
  const update = side.sent().find(({ type, id }) => type === frameType.windowUpdate && id === 0);
  t.is(update?.payload.readUInt32BE(), 48_000);
});

test('where credit goes back as octets come, a stream that nobody reads leaves the connection its window', (t) => {
  const side = server({ connectionWindow: 65_535, connectionCredit: 'received' });
  side.recorder.consumes = false;
  side.receive(headers(1, post, false));
  for (let n = 0; n < 3; n++) side.receive(data(1, Buffer.alloc(16_000)));
  t.like(side.sent(), [{ type: frameType.windowUpdate, id: 0 }]);
  side.recorder.streams.get(1)?.reset(errorCode.cancel);
  t.like(side.sent(), [{ type: frameType.rstStream }], 'what it held is not given back twice');
});

test('a wider window is told at once, a narrower one is made up for by what comes', (t) => {
  const side = server({ connectionWindow: 65_535, streamWindow: 200_000 });
  side.connection.setWindow(165_535);
  t.is(side.sent()[0]?.payload.readUInt32BE(), 100_000);
  side.connection.setWindow(65_535);
  t.deepEqual(side.sent(), []);
  side.receive(headers(1, post, false));
  for (let n = 0; n < 8; n++) side.receive(data(1, Buffer.alloc(16_000)));
  t.deepEqual(
    side.sent().filter(({ id }) => id === 0),
    [],
  );
  side.receive(data(1, Buffer.alloc(16_000)));
  t.is(
    side
      .sent()
      .find(({ id }) => id === 0)
      ?.payload.readUInt32BE(),
    9 * 16_000 - 100_000,
  );
});

test('small pieces do not wait behind large ones, and have a part of the window for themselves', (t) => {
  const side = client({ windowForSmall: 10_000 }, [4, 1 << 20]);
  const [large, small, late] = [1, 2, 3].map(() => request(side, head('POST'), false));
  large?.write(Buffer.alloc(200_000), true);
  small?.write(Buffer.alloc(9_000), true);
  const sent = side.sent();
  t.is(bodyIn(sent, 1).length, 65_535 - 10_000);
  t.is(bodyIn(sent, 3).length, 9_000);
  late?.write(Buffer.alloc(2_000), true);
  t.is(bodyIn(side.sent(), 5).length, 1_000, 'all of the window is used');
  side.receive(windowUpdate(0, 10_000));
  t.deepEqual(lengths(side.sent()), []);
  side.receive(windowUpdate(0, 1_500));
  t.is(bodyIn(side.sent(), 1).length, 1_500);
});

test('write says stop when enough waits, and onWritable says when to go on', (t) => {
  const side = client({ sendBuffer: 1_000 }, [4, 0]);
  const stream = request(side, head('POST'), false);
  t.true(stream.write(Buffer.alloc(999), false));
  t.false(stream.write(Buffer.alloc(1), false));
  side.receive(windowUpdate(1, 999));
  side.sent();
  t.deepEqual(side.recorder.events, []);
  side.receive(windowUpdate(1, 1));
  side.sent();
  t.deepEqual(side.recorder.events, [{ event: 'writable', id: 1 }]);
});

test('small pieces that wait take little more memory than their octets', (t) => {
  const side = client({}, [4, 0]);
  const stream = request(side, head('POST'), false);
  const text = Array.from({ length: 20_000 }, (_, n) => String.fromCharCode(97 + (n % 26))).join(
    '',
  );
  for (const letter of text) stream.write(Buffer.from(letter), false);
  side.receive(windowUpdate(1, 20_000));
  const frames = side.sent();
  t.is(bodyIn(frames, 1).toString(), text);
  t.deepEqual(lengths(frames), [16_384, 3_616]);
});

test('a large body takes turns with others: none waits for more than a frame of it', (t) => {
  const side = client({ turnSize: 32_768 }, [4, 1 << 20]);
  side.receive(windowUpdate(0, 1 << 20));
  const large = request(side, head('POST'), false);
  const small = [1, 2, 3].map(() => request(side, head('POST'), false));
  large.write(Buffer.alloc(500_000), true);
  for (const stream of small) stream.write(Buffer.from('small'), true);
  const order = side
    .sent()
    .filter(({ type }) => type === frameType.data)
    .map(({ id }) => id);
  const settled = order.indexOf(small.at(-1)?.id ?? 0);
  t.true(settled >= 0 && settled <= 8, order.join(' '));
});

test('a turn holds no more DATA than it may, and what is left is announced', (t) => {
  const side = server({ turnSize: 32_768 });
  side.receive(settings([4, 1 << 20]), windowUpdate(0, 1 << 20), headers(1, get));
  side.sent();
  const stream = side.recorder.streams.get(1);
  stream?.respond({ status: 200, fields: [] }, false);
  stream?.write(Buffer.alloc(100_000), true);
  const sizes: number[] = [];
  let { outputs } = side.recorder;
  for (let part = side.connection.take(); part !== undefined; part = side.connection.take()) {
    sizes.push(part.length);
    t.is(side.recorder.outputs - outputs, sizes.length < 4 ? 1 : 0);
    outputs = side.recorder.outputs;
  }
  t.is(sizes.length, 4);
  t.true(Math.max(...sizes) < 32_768 + 16_384 + 9);
});

test('what was given to write may be reused at once', (t) => {
  const side = client({}, [4, 5]);
  const stream = request(side, head('POST'), false);
  const bytes = Buffer.from('0123456789');
  stream.write(bytes, true);
  bytes.fill(0);
  side.receive(windowUpdate(1, 5));
  t.is(bodyIn(side.sent(), 1).toString(), '0123456789');
});

test('what was received may be reused at once', (t) => {
  const side = client();
  request(side, head(), true);
  const bytes = Buffer.concat([headers(1, [...ok, 'a', 'value'], false), data(1, 'x', true)]);
  for (const octet of bytes) {
    const one = Buffer.from([octet]);
    side.receive(one);
    one.fill(0);
  }
  t.like(side.recorder.events, [
    { head: { fields: ['a', 'value'] } },
    { text: 'x', ends: true },
    { event: 'closed' },
  ]);
});
