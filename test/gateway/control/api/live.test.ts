/** Specifies the live stream from inside: what is told of a topic, what is kept for readers that come back, and slow readers. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../../../core/clock.ts';
import { silentLog } from '../../../../core/log.ts';
import { EventStream } from '../../../../gateway/control/api/live/event-stream.ts';
import { Hub } from '../../../../gateway/control/api/live/hub.ts';
import { Message } from '../../../../gateway/control/api/live/message.ts';
import { itemsTopic, type Topic, valueTopic } from '../../../../gateway/control/api/live/topic.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { until } from '../../../support/until.ts';

interface Item {
  readonly id: string;
  readonly n: number;
}

/** A hub over one topic whose items the test sets. */
function scene(t: ExecutionContext) {
  const clock = new ManualClock();
  let items: readonly Item[] = [{ id: 'a', n: 1 }];
  const topic = itemsTopic<Item>(
    'things',
    1_000,
    ({ id }) => id,
    () => items,
  );
  const hub = new Hub([topic, valueTopic('other', 1_000, () => 1)], 'now', clock, silentLog);
  t.teardown(() => hub.close());
  return {
    clock,
    hub,
    set(next: readonly Item[]) {
      items = next;
    },
    read(last?: string) {
      const messages: Message[] = [];
      const leave = hub.read(new Set(['things']), last, (message) => messages.push(message));
      return { messages, leave };
    },
    /** Lets the topic be looked at again, until `messages` has `count`. */
    async grown(messages: readonly Message[], count: number) {
      await until(`${count} messages`, () => {
        clock.advance(1_000);
        return messages.length >= count;
      });
    },
  };
}

function told({ event, data }: Message): unknown {
  const { id: _, ...rest } = JSON.parse(data);
  return { event, ...rest };
}

test('a reader is told the whole, then what is new, other or gone', async (t) => {
  const { read, set, grown } = scene(t);
  const { messages } = read();
  await grown(messages, 1);
  set([
    { id: 'a', n: 2 },
    { id: 'b', n: 1 },
  ]);
  await grown(messages, 2);
  set([{ id: 'b', n: 1 }]);
  await grown(messages, 3);
  t.deepEqual(messages.map(told), [
    { event: 'snapshot', topic: 'things', items: [{ id: 'a', n: 1 }] },
    {
      event: 'delta',
      topic: 'things',
      upsert: [
        { id: 'a', n: 2 },
        { id: 'b', n: 1 },
      ],
      remove: [],
    },
    { event: 'delta', topic: 'things', upsert: [], remove: ['a'] },
  ]);
  t.true(messages.every(({ id, data }) => JSON.parse(data).id === id));
});

test('a reader that comes back soon is told what it missed, and nothing else', async (t) => {
  const { read, set, grown } = scene(t);
  const other = read();
  const first = read();
  await grown(first.messages, 1);
  first.leave();
  set([{ id: 'a', n: 5 }]);
  await grown(other.messages, 2);
  const again = read(first.messages[0]?.id);
  t.deepEqual(again.messages.map(told), [
    { event: 'delta', topic: 'things', upsert: [{ id: 'a', n: 5 }], remove: [] },
  ]);
});

test('a topic is followed for a while after its last reader, who may come back', async (t) => {
  const { read, grown, clock } = scene(t);
  const first = read();
  await grown(first.messages, 1);
  const last = first.messages[0]?.id;
  first.leave();
  clock.advance(20_000);
  const soon = read(last);
  t.deepEqual(soon.messages, []);
  soon.leave();
  clock.advance(31_000);
  const late = read(last);
  await grown(late.messages, 1);
  t.is(late.messages[0]?.event, 'snapshot');
});

test('long lists are sent to readers that name them, and to nobody else', async (t) => {
  const { clock } = scene(t);
  const long = itemsTopic<Item>(
    'long',
    1_000,
    ({ id }) => id,
    () => [{ id: 'a', n: 1 }],
  );
  const topics = [{ ...long, isOnRequest: true as const }, valueTopic('other', 1_000, () => 1)];
  const hub = new Hub(topics, 'now', clock, silentLog);
  t.teardown(() => hub.close());
  t.deepEqual(hub.usual, ['other']);
  const messages: Message[] = [];
  hub.read(new Set(['long']), undefined, (message) => messages.push(message));
  await until('the list', () => messages.length === 1);
  t.like(messages.map(told), [{ event: 'snapshot', topic: 'long' }]);
});

test('a reader that was away too long, or comes from another run, begins anew', async (t) => {
  const { read, set, grown } = scene(t);
  const first = read();
  await grown(first.messages, 1);
  for (let n = 0; n < 2; n++) {
    set([{ id: 'a', n: 10 + n }]);
    await grown(first.messages, 2 + n);
  }
  for (const last of ['then.0', 'now.99', 'now.x', '', 'now.-1']) {
    t.is(read(last).messages[0]?.event, 'snapshot', last);
  }
});

test('a topic that changes is looked at at once, yet not more often than a reader could follow', async (t) => {
  const clock = new ManualClock();
  let looks = 0;
  let changed = (): void => {};
  const topic: Topic = valueTopic(
    'busy',
    60_000,
    () => ++looks,
    (listener) => {
      changed = listener;
      return () => {};
    },
  );
  const hub = new Hub([topic], 'now', clock, silentLog);
  t.teardown(() => hub.close());
  const messages: Message[] = [];
  hub.read(new Set(['busy']), undefined, (message) => messages.push(message));
  await until('the first look', () => messages.length === 1);
  for (let i = 0; i < 100; i++) changed();
  clock.advance(200);
  await until('the second look', () => messages.length === 2);
  t.is(looks, 2);
});

test('a topic that takes long to be looked at rests four times as long, however often it changes', async (t) => {
  const clock = new ManualClock();
  let looks = 0;
  let changed = (): void => {};
  const look = (): number => {
    clock.advance(500);
    return ++looks;
  };
  const topic: Topic = valueTopic('large', 1_000, look, (listener) => {
    changed = listener;
    return () => {};
  });
  const hub = new Hub([topic], 'now', clock, silentLog);
  t.teardown(() => hub.close());
  const messages: Message[] = [];
  hub.read(new Set(['large']), undefined, (message) => messages.push(message));
  await until('the first look', () => messages.length === 1);
  changed();
  clock.advance(1_999);
  t.is(looks, 1);
  clock.advance(1);
  await until('the second look', () => messages.length === 2);
});

test('a topic that can not be looked at says nothing, and is looked at again', async (t) => {
  const clock = new ManualClock();
  let broken = true;
  const topic = valueTopic('fragile', 1_000, () => {
    if (broken) throw new Error('not now');
    return 'fine';
  });
  const hub = new Hub([topic], 'now', clock, silentLog);
  t.teardown(() => hub.close());
  const messages: Message[] = [];
  hub.read(new Set(['fragile']), undefined, (message) => messages.push(message));
  broken = false;
  await until('the value', () => {
    clock.advance(1_000);
    return messages.length === 1;
  });
  t.like(told(messages[0] as Message), { event: 'snapshot', value: 'fine' });
});

/** A stream, and the connection that reads it. */
async function streamed(t: ExecutionContext, maxWaiting: number, accepted = 'identity') {
  let stream: EventStream | undefined;
  let ended = false;
  let response: ServerResponse | undefined;
  const server = createServer((_request, answer) => {
    response = answer;
    const onEnd = () => {
      ended = true;
    };
    stream = new EventStream({ response: answer, clock: systemClock, onEnd, maxWaiting });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const headers = { 'accept-encoding': accepted };
  const asked = request({ port: (server.address() as AddressInfo).port, agent: false, headers });
  asked.end();
  const [reader] = (await once(asked, 'response')) as [IncomingMessage];
  reader.on('error', () => {}); // A reader that is cut off sees its connection break.
  return {
    stream: stream as EventStream,
    reader,
    response: response as ServerResponse,
    hasEnded: () => ended,
  };
}

for (const encoding of ['identity', 'gzip']) {
  test(`a slow reader of ${encoding} is told to come back, and what waits for it is bounded`, async (t) => {
    const { stream, reader, response, hasEnded } = await streamed(t, 64 * 1024, encoding);
    // Random, so that it is as much when it is compressed.
    const data = JSON.stringify(randomBytes(16 * 1024).toString('base64'));
    let most = 0;
    // More than the kernel's buffers and ours hold.
    for (let i = 0; i < 2_000; i++) {
      stream.send(new Message('delta', data));
      most = Math.max(most, response.writableLength);
      if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    t.true(most < 64 * 1024 + 2 * data.length, `${most} bytes waited`);
    const text = await whole(encoding === 'gzip' ? reader.pipe(createGunzip()) : reader);
    t.true(text.endsWith('event: reconnect\ndata: {"reason":"slow"}\n\n'));
    await until('the stream to have ended', hasEnded);
  });
}

test('a reader that never reads is cut off', async (t) => {
  const { stream, response, hasEnded } = await streamed(t, 1024);
  const message = new Message('delta', JSON.stringify('x'.repeat(64 * 1024)));
  for (let i = 0; i < 500; i++) stream.send(message);
  await until('it to be cut off', hasEnded);
  t.true(response.destroyed);
});

test('what a reader begins with may be larger than what may wait', async (t) => {
  const { stream, reader } = await streamed(t, 1024);
  stream.sendFirst(new Message('snapshot', JSON.stringify('x'.repeat(2 * 1024 * 1024))));
  stream.send(new Message('delta', '{}'));
  stream.cut('closing');
  t.regex(
    await whole(reader),
    /event: delta\ndata: \{\}\n\nevent: reconnect\ndata: \{"reason":"closing"\}\n\n$/,
  );
});

async function whole(reader: Readable): Promise<string> {
  let text = '';
  for await (const piece of reader.setEncoding('utf8')) text += piece;
  return text;
}
