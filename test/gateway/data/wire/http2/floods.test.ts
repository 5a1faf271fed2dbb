/** Specifies that no client makes us work or remember without end: each flood ends its connection, and ordinary use does not. */
import test from 'ava';
import type { Http2Stream } from '../../../../../gateway/data/wire/http2/api.ts';
import { linkOptions, strangerOptions } from '../../../../../gateway/data/wire/http2/options.ts';
import { errorCode, flag, frameType } from '../../../../../gateway/data/wire/http2/protocol.ts';
import type { Http2Server } from '../../../../../gateway/data/wire/http2/server.ts';
import {
  block,
  data,
  frame,
  get,
  headers,
  hello,
  ok,
  ping,
  post,
  rst,
  settings,
  settingsAck,
  windowUpdate,
} from './frames.ts';
import { client, head, request, type Side, server } from './sides.ts';

const { burst } = strangerOptions.brokenStreams;
const calm = { kind: 'failed', code: errorCode.enhanceYourCalm };

/** How many times `frames` could be sent before the connection ended; at most `limit`. */
function survived(side: Side<Http2Server>, limit: number, frames: (n: number) => Buffer): number {
  for (let n = 0; n < limit; n++) {
    side.receive(frames(n));
    side.sent();
    if (side.recorder.end !== undefined) return n;
  }
  return limit;
}

test('rapid reset: requests that are reset at once end the connection, after fewer than 100 were handed up', (t) => {
  const side = server();
  survived(side, 10_000, (n) =>
    Buffer.concat([headers(2 * n + 1, get), rst(2 * n + 1, errorCode.cancel)]),
  );
  t.like(side.recorder.end, calm);
  t.is(side.connection.requests, burst + 1);
  t.true(side.connection.requests < 100);
  t.is(side.recorder.events.filter(({ event }) => event === 'request').length, burst + 1);
});

test('rapid reset: as many resets spread over time are ordinary', (t) => {
  const side = server();
  for (let n = 0; n < 2_000; n++) {
    side.receiveAt(n * 50, headers(2 * n + 1, get), rst(2 * n + 1, errorCode.cancel));
    side.sent();
  }
  t.is(side.recorder.end, undefined);
  t.is(side.connection.requests, 2_000);
});

for (const [what, frames] of [
  ['a window update by nothing', (id: number) => windowUpdate(id, 0)],
  ['DATA after the end', (id: number) => data(id, 'x')],
  ['HEADERS after the end', (id: number) => headers(id, ['a', 'b'])],
  ['PRIORITY of a wrong length', (id: number) => frame(frameType.priority, 0, id, Buffer.alloc(4))],
] as const) {
  test(`made resets: requests that make us reset them, by ${what}, count as well`, (t) => {
    const side = server();
    const n = survived(side, 10_000, (it) =>
      Buffer.concat([headers(2 * it + 1, get), frames(2 * it + 1)]),
    );
    t.like(side.recorder.end, calm);
    t.is(n, burst);
  });
}

test('malformed requests without end: the connection ends, and none was handed up', (t) => {
  const side = server();
  t.is(
    survived(side, 10_000, (n) => headers(2 * n + 1, ['A', 'b'])),
    burst,
  );
  t.like(side.recorder.end, calm);
  t.is(side.connection.requests, 0);
});

test('heads that are too large without end: the connection ends', (t) => {
  const large = [...get, 'a', 'x'.repeat(16_384)];
  t.is(
    survived(server(), 10_000, (n) => headers(2 * n + 1, large)),
    burst,
  );
});

test('empty HEADERS flood: the connection ends', (t) => {
  const side = server();
  t.is(
    survived(side, 10_000, (n) =>
      frame(frameType.headers, flag.endHeaders | flag.endStream, 2 * n + 1),
    ),
    burst,
  );
  t.like(side.recorder.end, calm);
});

test('more streams than allowed, again and again: the connection ends', (t) => {
  const side = server();
  const n = survived(side, 10_000, (it) => headers(2 * it + 1, get));
  t.is(n, 100 + burst);
  t.is(side.connection.openStreams, 0);
  t.is(side.connection.requests, 100);
});

test('CONTINUATION flood by size: a block of over 256 KiB ends the connection', (t) => {
  const side = server();
  side.receive(frame(frameType.headers, flag.endStream, 1, block(get)));
  const n = survived(side, 100, () => frame(frameType.continuation, 0, 1, Buffer.alloc(16_384)));
  t.is(n, 15);
  t.like(side.recorder.end, calm);
});

test('CONTINUATION flood by count: 33 frames end the connection, however small', (t) => {
  const side = server();
  side.receive(frame(frameType.headers, flag.endStream, 1, block(get)));
  t.is(
    survived(side, 100, () => frame(frameType.continuation, 0, 1)),
    32,
  );
  t.like(side.recorder.end, calm);
});

for (const [what, frames, limit] of [
  ['SETTINGS flood', settings([4, 65_535]), 50],
  ['SETTINGS acknowledgement flood', settingsAck, 1_000],
  ['PING flood', ping(), 1_000],
  ['PING answer flood', ping('nothing.', true), 1_000],
  ['PRIORITY flood', frame(frameType.priority, 0, 1, Buffer.alloc(5)), 1_000],
  ['WINDOW_UPDATE flood', windowUpdate(0, 1), 1_000],
  ['unknown frame flood', frame(0xbb, 0, 0), 1_000],
  ['empty DATA flood', data(1, ''), 1_000],
  ['padded empty DATA flood', frame(frameType.data, flag.padded, 1, Buffer.from([0])), 1_000],
] as const) {
  test(`${what}: the connection ends, and time alone makes up for it`, (t) => {
    const side = server();
    side.receive(headers(1, post, false));
    const n = survived(side, 10_000, () => frames);
    t.true(n <= limit && n > limit * 0.95, `${n} were taken`);
    t.like(side.recorder.end, calm);
    const slow = server();
    slow.receive(headers(1, post, false));
    const cost = 1_000 / limit;
    for (let it = 0; it < 3_000; it++) {
      slow.receiveAt(it * 6 * cost, frames);
      slow.sent();
    }
    t.is(slow.recorder.end, undefined);
  });
}

for (const [what, after] of [
  [
    'that were answered',
    (side: Side<Http2Server>) =>
      side.recorder.streams.get(1)?.respond({ status: 403, fields: [] }, true),
  ],
  [
    'that were reset',
    (side: Side<Http2Server>) => side.recorder.streams.get(1)?.reset(errorCode.cancel),
  ],
] as const) {
  test(`HEADERS for requests ${what}, without end: the connection ends`, (t) => {
    const side = server();
    side.receive(headers(1, post, false));
    after(side);
    const n = survived(side, 10_000, () => headers(1, ['a', 'b'], false));
    t.true(n > 950 && n <= 1_010, `${n} were taken`);
    t.like(side.recorder.end, { ...calm, cause: 'headers-flood' });
  });
}

test('HEADERS of new requests after the last that is served, without end: the connection ends', (t) => {
  const side = server();
  side.receive(headers(1, get));
  side.connection.drain();
  side.receive(ping('\0\0\0\0\0\0\0\x01', true));
  t.true(survived(side, 10_000, (n) => headers(2 * n + 3, get)) <= 1_010);
  t.like(side.recorder.end, { ...calm, cause: 'headers-flood' });
});

test('a client that acknowledges no SETTINGS, and opens more streams than allowed without end, loses its connection', (t) => {
  const side = server({}, false);
  side.receive(hello.subarray(0, -settingsAck.length));
  t.true(survived(side, 10_000, (n) => headers(2 * n + 1, get)) <= 2_000);
  t.like(side.recorder.end, { ...calm, cause: 'headers-flood' });
});

test('over a link, answers that come for requests which were given up are ordinary, however many', (t) => {
  const side = client(linkOptions);
  for (let n = 0; n < 30_000; n++) {
    const stream = request(side, head(), true);
    stream.reset(errorCode.cancel);
    side.sent();
    side.receive(headers(stream.id, ok, false), headers(stream.id, ['a', 'b']));
  }
  t.is(side.recorder.end, undefined);
});

test('window updates for DATA that we sent are ordinary, however many', (t) => {
  const side = server();
  side.receive(headers(1, get));
  const stream = side.recorder.streams.get(1);
  stream?.respond({ status: 200, fields: [] }, false);
  for (let n = 0; n < 10_000; n++) {
    stream?.write(Buffer.alloc(100), false);
    side.sent();
    side.receive(windowUpdate(0, 100), windowUpdate(1, 100));
  }
  t.is(side.recorder.end, undefined);
});

test('a client that asks and does not read ends its connection before a mebibyte waits long', (t) => {
  const side = server();
  const fields = ['x', 'y'.repeat(10_000)];
  side.recorder.answer = (stream) => stream.respond({ status: 200, fields }, true);
  for (let n = 0; n < 1_000 && side.recorder.end === undefined; n++)
    side.receive(headers(2 * n + 1, get));
  t.like(side.recorder.end, { ...calm, cause: 'unread-output' });
  t.true(side.connection.requests < 200);
  t.is(side.sent().length, 1, 'what waited is dropped for the GOAWAY');
});

test('zero-window stall: a client that opens no window holds no more than what write took', (t) => {
  const side = server();
  side.receive(settings([4, 0]));
  for (let n = 0; n < 100; n++) side.receive(headers(2 * n + 1, get));
  let held = 0;
  for (const stream of side.recorder.streams.values()) {
    stream.respond({ status: 200, fields: [] }, false);
    while (stream.write(Buffer.alloc(4_096), false));
    held += stream.queued;
  }
  t.is(held, 100 * 65_536);
  for (const stream of side.recorder.streams.values()) stream.reset(errorCode.cancel);
  t.is(
    [...side.recorder.streams.values()].reduce((sum, { queued }) => sum + queued, 0),
    0,
  );
});

test('informational responses without end: their stream fails, and the connection goes on', (t) => {
  const side = client(linkOptions);
  request(side, head(), true);
  const other = request(side, head(), true);
  for (let n = 0; n < 10; n++) side.receive(headers(1, [':status', '103'], false));
  t.is(side.recorder.endOf(1), undefined);
  side.sent();
  for (let n = 0; n < 2_000; n++) side.receive(headers(1, [':status', '103'], false));
  t.like(side.recorder.endOf(1), { kind: 'reset', code: errorCode.enhanceYourCalm });
  t.like(side.sent(), [{ type: frameType.rstStream, id: 1 }]);
  side.receive(headers(other.id, ok));
  t.like(side.recorder.endOf(other.id), { kind: 'complete' });
  t.is(side.recorder.end, undefined);
});

test('over a link, streams broken in masses cost new ones a while, and those under way nothing', (t) => {
  const side = server(linkOptions);
  side.receive(headers(1, get));
  let id = 3;
  for (let n = 0; n < 2 * linkOptions.brokenStreams.burst; n++, id += 2) {
    side.receive(headers(id, get), rst(id, errorCode.cancel));
  }
  t.is(side.connection.requests, linkOptions.brokenStreams.burst + 2);
  side.sent();
  side.receive(headers(id, get));
  t.like(side.sent(), [{ type: frameType.rstStream, id }], 'it is refused');
  side.receiveAt(10, headers(id + 2, get));
  side.recorder.streams.get(id + 2)?.respond({ status: 200, fields: [] }, true);
  side.recorder.streams.get(1)?.respond({ status: 200, fields: [] }, true);
  t.like(side.recorder.endOf(1), { kind: 'complete' });
  t.like(side.recorder.endOf(id + 2), { kind: 'complete' });
  t.is(side.recorder.end, undefined);
});

test('over a link, malformed and too large requests in masses end nothing but themselves', (t) => {
  const side = server(linkOptions);
  side.receive(headers(1, get));
  for (let n = 0; n < 20_000; n++) {
    side.receive(headers(2 * n + 3, ['A', 'b']));
    side.sent();
  }
  side.recorder.streams.get(1)?.respond({ status: 200, fields: [] }, true);
  t.like(side.recorder.endOf(1), { kind: 'complete' });
  t.is(side.recorder.end, undefined);
});

for (const [what, send] of [
  [
    'a head',
    (stream: Http2Stream, large: string[]) => stream.respond({ status: 200, fields: large }, true),
  ],
  ['trailers', (stream: Http2Stream, large: string[]) => stream.trailers(large)],
] as const) {
  test(`over a link whose other side does not read, ${what} that finds too much before it fails its stream alone`, (t) => {
    const side = server(linkOptions);
    side.receive(headers(1, get), headers(3, get), headers(5, get));
    const { streams } = side.recorder;
    streams.get(5)?.respond({ status: 200, fields: [] }, false);
    streams.get(3)?.respond({ status: 200, fields: [] }, false);
    const large = ['x', 'y'.repeat(60_000)];
    let id = 7;
    for (; id < 2_000; id += 2) {
      side.receive(headers(id, get));
      streams.get(id)?.respond({ status: 200, fields: large }, true);
    }
    const stream = streams.get(3) as Http2Stream;
    send(stream, large);
    t.like(side.recorder.endOf(stream.id), { kind: 'reset', code: errorCode.enhanceYourCalm });
    t.is(side.recorder.end, undefined);
    side.sent();
    side.recorder.streams.get(5)?.write(Buffer.from('goes on'), true);
    t.like(side.recorder.endOf(5), { kind: 'complete' });
  });
}

test('a server that refuses or resets streams in masses breaks no link', (t) => {
  const side = client(linkOptions, [3, 4_096]);
  for (let n = 0; n < 5_000; n++) {
    const { id } = request(side, head(), true);
    side.sent();
    side.receive(rst(id, errorCode.refusedStream));
  }
  side.receive(headers(request(side, head(), true).id, ok));
  t.is(side.recorder.end, undefined);
});

for (const [what, close] of [
  ['reset', (stream?: Http2Stream) => stream?.reset(errorCode.cancel)],
  ['answered', (stream?: Http2Stream) => stream?.respond({ status: 403, fields: [] }, true)],
] as const) {
  test(`DATA without end for a request that was ${what}: whoever sends more than it may loses its connection`, (t) => {
    const side = server();
    side.receive(headers(1, post, false));
    close(side.recorder.streams.get(1));
    const piece = data(1, Buffer.alloc(16_384));
    // A window and, where it was answered, a mebibyte besides.
    const allowed = 65_536 + (what === 'answered' ? 1 << 20 : 0);
    for (let sent = 16_384; sent <= allowed; sent += 16_384) side.receive(piece);
    t.is(side.recorder.end, undefined);
    side.receive(piece);
    t.like(side.recorder.end, { kind: 'failed', code: errorCode.flowControlError });
  });
}
