/** Specifies reading bytes as such: any cut gives the same events, and no bytes at all make it throw, hang or grow. */
import test from 'ava';
import fc from 'fast-check';
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
  ping,
  post,
  rst,
  settings,
  windowUpdate,
} from './frames.ts';
import { client, head, request, server, takeAll } from './sides.ts';

const text = fc.string({ maxLength: 40, unit: 'binary-ascii' });

const padded = fc
  .tuple(text, fc.nat(9))
  .map(([body, pad]) => Buffer.concat([Buffer.from([pad]), Buffer.from(body), Buffer.alloc(pad)]));

/** Numbers of streams, as a conversation goes on: a new one, or one that was opened. */
interface Ids {
  next(): number;
  old(nth: number): number;
}

type Say = (ids: Ids) => Buffer;

/** A request head in two frames. */
function inTwo(stream: number, at: number): Buffer {
  const whole = block([...post, 'x-long', 'y'.repeat(50)]);
  return Buffer.concat([
    frame(frameType.headers, 0, stream, whole.subarray(0, at)),
    frame(frameType.continuation, flag.endHeaders, stream, whole.subarray(at)),
  ]);
}

/** Frames that mean something, in an order that is mostly allowed. */
const anyFrame = fc.oneof<fc.WeightedArbitrary<Say>[]>(
  {
    weight: 4,
    arbitrary: fc.boolean().map(
      (ends): Say =>
        (ids) =>
          headers(ids.next(), ends ? get : post, ends),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.nat(20).map(
      (at): Say =>
        (ids) =>
          inTwo(ids.next(), at),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(fc.nat(), text).map(
      ([nth, body]): Say =>
        (ids) =>
          data(ids.old(nth), body),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(), text).map(
      ([nth, body]): Say =>
        (ids) =>
          data(ids.old(nth), body, true),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.nat(), padded).map(
      ([nth, body]): Say =>
        (ids) =>
          frame(frameType.data, flag.padded, ids.old(nth), body),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.nat().map(
      (nth): Say =>
        (ids) =>
          headers(ids.old(nth), ['sum', '1']),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(), fc.nat(13)).map(
      ([nth, code]): Say =>
        (ids) =>
          rst(ids.old(nth), code),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(), fc.nat(1_000)).map(
      ([nth, by]): Say =>
        (ids) =>
          windowUpdate(ids.old(nth), by),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.nat(70_000).map(
      (size): Say =>
        () =>
          settings([4, size]),
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(
        ping(),
        goaway(0, 0),
        windowUpdate(0, 9),
        frame(0xbb, 0, 0, Buffer.from('unknown')),
      )
      .map(
        (bytes): Say =>
          () =>
            bytes,
      ),
  },
);

const conversation = fc.array(anyFrame, { maxLength: 25 }).map((says) => {
  let opened = 0;
  const ids = {
    next: () => 2 * opened++ + 1,
    old: (nth: number) => (opened === 0 ? 2 * opened++ + 1 : 2 * (nth % opened) + 1),
  };
  return Buffer.concat([hello, ...says.map((say) => say(ids))]);
});

/** What a server makes of bytes that come in these pieces, and what it sends. */
function heard(pieces: readonly Buffer[]) {
  const side = server({}, false);
  side.recorder.answer = (stream, _head, ends) => {
    if (!ends) return;
    stream.respond({ status: 200, fields: [] }, false);
    stream.write(Buffer.from('body'), true);
  };
  for (const piece of pieces) side.receive(piece);
  return { events: side.recorder.events, sent: takeAll(side.connection), side };
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [0, ...at.map((n) => n % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return places.slice(1).map((end, n) => Buffer.from(bytes.subarray(places[n], end)));
}

test('however a conversation is cut, the same is heard and answered', (t) => {
  fc.assert(
    fc.property(conversation, fc.array(fc.nat(), { maxLength: 30 }), (bytes, at) => {
      const whole = heard([bytes]);
      const pieces = heard(cut(bytes, at));
      t.deepEqual(pieces.events, whole.events);
      t.deepEqual(pieces.sent, whole.sent);
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test('octet by octet too', (t) => {
  fc.assert(
    fc.property(conversation, (bytes) => {
      const octets = Array.from(bytes, (octet) => Buffer.from([octet]));
      t.deepEqual(heard(octets).events, heard([bytes]).events);
    }),
    { numRuns: 50 },
  );
  t.pass();
});

const mutation = fc.tuple(fc.nat(), fc.constantFrom('flip', 'drop', 'repeat'), fc.nat(255));

function mutated(bytes: Buffer, [where, how, value]: [number, string, number]): Buffer {
  const at = where % bytes.length;
  if (how === 'drop')
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + (value % 12))]);
  if (how === 'repeat') return Buffer.concat([bytes, bytes.subarray(at)]);
  const changed = Buffer.from(bytes);
  changed[at] = value;
  return changed;
}

/** Whatever came, a stream that was heard of is open or was closed, once, and a connection that ended says so once. */
function isConsistent({ events, side }: ReturnType<typeof heard>): boolean {
  const of = (kind: string) => events.filter(({ event }) => event === kind).length;
  const refused = events.filter((it) => it.event === 'unreadable' && it.method !== undefined);
  const open = of('request') + refused.length - of('closed');
  return open === side.connection.openStreams && of('end') === (side.connection.over ? 1 : 0);
}

test('no mutation of a conversation makes a server throw or lose count', (t) => {
  fc.assert(
    fc.property(
      conversation,
      fc.array(mutation, { minLength: 1, maxLength: 6 }),
      (bytes, changes) => isConsistent(heard([changes.reduce(mutated, bytes)])),
    ),
    { numRuns: 1_500 },
  );
  t.pass();
});

test('no bytes after the preface make a server throw or lose count', (t) => {
  const frames = fc.array(
    fc
      .tuple(fc.nat(11), fc.nat(255), fc.nat(9), fc.uint8Array({ maxLength: 40 }))
      .map(([type, flags, on, payload]) => frame(type, flags, on, payload)),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(fc.oneof(frames, fc.array(fc.uint8Array({ maxLength: 200 }))), (parts) =>
      isConsistent(heard([preface, settings(), ...parts.map((part) => Buffer.from(part))])),
    ),
    { numRuns: 1_500 },
  );
  t.pass();
});

test('no bytes make a client throw or lose count', (t) => {
  const answer = Buffer.concat([
    headers(1, [':status', '200', 'a', 'b'], false),
    data(1, 'body', true),
    headers(3, [':status', '204']),
  ]);
  fc.assert(
    fc.property(fc.array(mutation, { maxLength: 6 }), (changes) => {
      const side = client();
      for (let n = 0; n < 3; n++) request(side, head('POST'), false);
      side.receive(changes.reduce(mutated, answer));
      const closed = side.recorder.events.filter(({ event }) => event === 'closed').length;
      return closed + side.connection.openStreams === 3;
    }),
    { numRuns: 1_500 },
  );
  t.pass();
});

test('a frame that never becomes whole takes no more memory than a frame', (t) => {
  const side = server();
  side.receive(frame(frameType.headers, 0, 1, Buffer.alloc(16_384)).subarray(0, 5_000));
  t.deepEqual(side.recorder.events, []);
  side.receive(Buffer.alloc(20_000));
  t.like(side.recorder.end, { kind: 'failed', code: errorCode.protocolError });
});
