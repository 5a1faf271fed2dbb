/** Specifies what ends a connection, with the code that RFC 9113 has for it. */
import test from 'ava';
import {
  errorCode,
  flag,
  frameType,
  preface,
} from '../../../../../gateway/data/wire/http2/protocol.ts';
import {
  block,
  data,
  frame,
  get,
  goaway,
  headers,
  hello,
  ok,
  ping,
  post,
  rst,
  settings,
  settingsAck,
  uint32,
  windowUpdate,
} from './frames.ts';
import { client, head, request, server } from './sides.ts';

const { protocolError, frameSizeError, flowControlError, compressionError, streamClosed } =
  errorCode;
const eightZeros = Buffer.alloc(8);

for (const [what, code, frames] of [
  ['DATA on stream 0', protocolError, [data(0, 'x')]],
  ['HEADERS on stream 0', protocolError, [headers(0, get)]],
  ['PRIORITY on stream 0', protocolError, [frame(frameType.priority, 0, 0, Buffer.alloc(5))]],
  ['RST_STREAM on stream 0', protocolError, [rst(0, 0)]],
  ['SETTINGS on a stream', protocolError, [frame(frameType.settings, 0, 1)]],
  ['PING on a stream', protocolError, [frame(frameType.ping, 0, 1, eightZeros)]],
  ['GOAWAY on a stream', protocolError, [frame(frameType.goaway, 0, 1, eightZeros)]],
  [
    'PUSH_PROMISE',
    protocolError,
    [headers(1, get), frame(frameType.pushPromise, 4, 1, eightZeros)],
  ],
  ['CONTINUATION without HEADERS', protocolError, [frame(frameType.continuation, 4, 1)]],
  ['a request on an even stream', protocolError, [headers(2, get)]],
  ['DATA on an idle stream', protocolError, [data(5, 'x')]],
  ['RST_STREAM on an idle stream', protocolError, [rst(5, 0)]],
  ['WINDOW_UPDATE on an idle stream', protocolError, [windowUpdate(5, 1)]],
  ['WINDOW_UPDATE of the connection by nothing', protocolError, [windowUpdate(0, 0)]],
  [
    'padding as long as its DATA',
    protocolError,
    [headers(1, post, false), frame(frameType.data, flag.padded, 1, Buffer.from([3, 0, 0]))],
  ],
  [
    'padded DATA without a length of padding',
    protocolError,
    [headers(1, post, false), frame(frameType.data, flag.padded, 1)],
  ],
  [
    'padding longer than its HEADERS',
    protocolError,
    [frame(frameType.headers, flag.padded | 5, 1, Buffer.from([9, 0x82]))],
  ],
  [
    'padded HEADERS without a length of padding',
    protocolError,
    [frame(frameType.headers, flag.padded | 5, 1)],
  ],
  [
    'HEADERS too short for their priority',
    protocolError,
    [frame(frameType.headers, flag.priority | 5, 1, Buffer.alloc(4))],
  ],
  ['SETTINGS_ENABLE_PUSH of 2', protocolError, [settings([2, 2])]],
  ['SETTINGS_MAX_FRAME_SIZE under 16,384', protocolError, [settings([5, 16_383])]],
  ['SETTINGS_MAX_FRAME_SIZE over 16,777,215', protocolError, [settings([5, 16_777_216])]],
  ['SETTINGS_ENABLE_CONNECT_PROTOCOL of 2', protocolError, [settings([8, 2])]],
  [
    'SETTINGS_ENABLE_CONNECT_PROTOCOL taken back',
    protocolError,
    [settings([8, 1]), settings([8, 0])],
  ],
  ['SETTINGS_INITIAL_WINDOW_SIZE over 31 bits', flowControlError, [settings([4, 0x8000_0000])]],
  [
    'a frame over the size that we take',
    frameSizeError,
    [frame(frameType.data, 0, 1, Buffer.alloc(16_385))],
  ],
  [
    'an unknown frame over the size that we take',
    frameSizeError,
    [frame(0xbb, 0, 1, Buffer.alloc(16_385))],
  ],
  ['SETTINGS of five octets', frameSizeError, [frame(frameType.settings, 0, 0, Buffer.alloc(5))]],
  [
    'an acknowledgement of SETTINGS with content',
    frameSizeError,
    [frame(frameType.settings, flag.ack, 0, Buffer.alloc(6))],
  ],
  ['PING of seven octets', frameSizeError, [frame(frameType.ping, 0, 0, Buffer.alloc(7))]],
  [
    'RST_STREAM of five octets',
    frameSizeError,
    [headers(1, get), frame(frameType.rstStream, 0, 1, Buffer.alloc(5))],
  ],
  [
    'WINDOW_UPDATE of three octets',
    frameSizeError,
    [frame(frameType.windowUpdate, 0, 0, Buffer.alloc(3))],
  ],
  ['GOAWAY of seven octets', frameSizeError, [frame(frameType.goaway, 0, 0, Buffer.alloc(7))]],
  ['a window of the connection over 31 bits', flowControlError, [windowUpdate(0, 0x7fff_ffff)]],
  [
    'a window of a stream over 31 bits, by SETTINGS',
    flowControlError,
    [headers(1, get), windowUpdate(1, 0x7fff_0000), settings([4, 0x7fff_ffff])],
  ],
  [
    'a header block that is none',
    compressionError,
    [frame(frameType.headers, 5, 1, Buffer.from([0x80]))],
  ],
  [
    'a header block that breaks off',
    compressionError,
    [frame(frameType.headers, 5, 1, Buffer.from([0x82, 0x41, 0x10]))],
  ],
  [
    'a broken block of trailers',
    compressionError,
    [headers(1, post, false), frame(frameType.headers, 5, 1, Buffer.from([0xff]))],
  ],
  [
    'a header block interrupted by another frame',
    protocolError,
    [frame(frameType.headers, 1, 1, block(get)), ping()],
  ],
  [
    'a header block interrupted by an unknown frame',
    protocolError,
    [frame(frameType.headers, 1, 1, block(get)), frame(0xbb, 0, 0)],
  ],
  [
    'a header block continued on another stream',
    protocolError,
    [frame(frameType.headers, 1, 1, block(get)), frame(frameType.continuation, 4, 3)],
  ],
  ['HEADERS on a lower stream that never was', streamClosed, [headers(5, get), headers(3, get)]],
  [
    'DATA on a stream that the client reset',
    streamClosed,
    [headers(1, post, false), rst(1, errorCode.cancel), data(1, 'x')],
  ],
] as const) {
  test(`${what} ends the connection`, (t) => {
    const side = server();
    side.receive(...frames);
    const { end } = side.recorder;
    t.is(end?.kind, 'failed');
    t.is(end?.kind === 'failed' && end.code, code);
    const last = side.sent().at(-1);
    t.is(last?.type, frameType.goaway);
    t.is(last?.payload.readUInt32BE(4), code);
    side.receive(headers(99, get));
    t.is(side.recorder.events.at(-1)?.event, 'end', 'nothing is heard after it');
  });
}

test('DATA on a stream that has ended both ways ends the connection', (t) => {
  const side = server();
  side.recorder.answer = (stream) => stream.respond({ status: 204, fields: [] }, true);
  side.receive(headers(1, get), data(1, 'x'));
  t.like(side.recorder.end, { kind: 'failed', code: streamClosed });
});

for (const [what, bytes] of [
  ['a request in HTTP/1.1', Buffer.from('GET / HTTP/1.1\r\nhost: a\r\n\r\n')],
  [
    'a preface with one wrong octet',
    Buffer.concat([preface.subarray(0, 23), Buffer.from('x'), settings()]),
  ],
  ['a preface without SETTINGS', Buffer.concat([preface, ping()])],
  ['a preface and an acknowledgement', Buffer.concat([preface, settingsAck])],
] as const) {
  test(`${what} ends the connection`, (t) => {
    const side = server({}, false);
    side.receive(bytes);
    t.like(side.recorder.end, { kind: 'failed', code: protocolError });
  });
}

for (const [what, code, frames] of [
  ['a response on an idle stream', protocolError, [headers(3, ok)]],
  ['a response on an even stream', protocolError, [headers(2, ok)]],
  [
    'PUSH_PROMISE',
    protocolError,
    [frame(frameType.pushPromise, 4, 1, Buffer.concat([uint32(2), block(get)]))],
  ],
  ['a server that enables push', protocolError, [settings([2, 1])]],
  ['a response on a stream that has closed', streamClosed, [headers(1, ok), headers(1, ok)]],
] as const) {
  test(`to a client, ${what} ends the connection`, (t) => {
    const side = client();
    request(side, head(), true);
    side.receive(...frames);
    t.like(side.recorder.end, { kind: 'failed', code });
  });
}

test('every stream is lost when the connection fails, and when its transport does', (t) => {
  const failing = client();
  request(failing, head(), true);
  failing.receive(data(0, 'x'));
  t.deepEqual(
    failing.recorder.events.map(({ event }) => event),
    ['closed', 'end'],
  );
  t.is(failing.recorder.endOf(1)?.kind, 'lost');
  t.is(failing.connection.openStreams, 0);
  const cut = client();
  request(cut, head(), true);
  cut.connection.lost('reset by peer');
  t.deepEqual(cut.recorder.endOf(1), { kind: 'lost', what: 'reset by peer' });
  t.deepEqual(cut.recorder.end, { kind: 'lost', what: 'reset by peer' });
});

test('a GOAWAY is the last that is sent, whatever is consumed after it', (t) => {
  const side = server({ connectionWindow: 65_535 });
  side.recorder.consumes = false;
  side.receive(headers(1, post, false));
  for (let n = 0; n < 3; n++) side.receive(data(1, Buffer.alloc(16_000)));
  side.receive(data(0, 'x'));
  side.recorder.streams.get(1)?.consume(48_000);
  t.deepEqual(
    side.sent().map(({ type }) => type),
    [frameType.goaway],
  );
});

test('the GOAWAY of a failure names the last request that was seen', (t) => {
  const side = server();
  side.receive(headers(1, get), headers(7, get), data(0, 'x'));
  t.is(side.sent().at(-1)?.payload.readUInt32BE(0), 7);
});

test('SETTINGS that are not acknowledged when their time is up end the connection', (t) => {
  const side = server({}, false);
  side.receive(hello.subarray(0, -settingsAck.length));
  side.connection.onSettingsDue();
  const { settingsTimeout: code } = errorCode;
  t.like(side.recorder.end, { kind: 'failed', code, cause: 'settings-timeout' });
  const answered = server();
  answered.connection.onSettingsDue();
  t.is(answered.recorder.end, undefined);
});

test('what need not be understood is passed over', (t) => {
  const side = server();
  side.receive(
    frame(0xbb, 0xff, 0x7fff_ffff, Buffer.from('whatever')),
    settings([0x99, 1], [6, 5], [2, 1]),
    frame(frameType.priority, 0, 9, Buffer.alloc(5)),
    ping('pongpong', true),
    frame(frameType.headers, 5, 0x8000_0001, block(get)),
    goaway(0, 0, 'bye'),
  );
  t.deepEqual(
    side.recorder.events.map(({ event }) => event),
    ['request', 'goaway'],
  );
});
