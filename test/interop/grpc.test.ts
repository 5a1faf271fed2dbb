/** Specifies that gRPC of every kind gets through one gateway and two: messages, metadata, status, deadlines, cancellation. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { status } from '@grpc/grpc-js';
import anyTest, { type TestFn } from 'ava';
import { freePorts } from '../../examples/demo/processes.ts';
import {
  type Asked,
  collect,
  count,
  endedStream,
  metadataOf,
  optionsOf,
  say,
} from '../support/grpc-call.ts';
import {
  type EchoClient,
  type EchoServer,
  echoClient,
  type Message,
  startEchoServer,
} from '../support/grpc-echo.ts';
import { sharedScope } from '../support/shared.ts';
import { hostOf, type TwoClusters, twoClusters } from '../support/two-clusters.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
let server: EchoServer;
let clusters: TwoClusters;
const clients: Record<string, EchoClient> = {};
/** One for each way, to be lost in the middle of a call. */
const fragile: Record<string, EchoServer> = {};

/** Where a client asks, and through how many gateways its calls go. */
const ways = { 'one gateway': 'dc2', 'two gateways': 'dc1' } as const;

test.before('a gRPC service in dc2', async () => {
  server = await startEchoServer(shared);
  for (const way of Object.values(ways)) fragile[way] = await startEchoServer(shared);
  const [nobody] = await freePorts(1);
  clusters = await twoClusters(shared, [
    { name: 'echo', protocol: 'grpc', addresses: [server.address] },
    ...Object.entries(fragile).map(([way, { address }]) => ({
      name: `fragile-${way}`,
      protocol: 'grpc',
      addresses: [address],
    })),
    { name: 'nobody', protocol: 'grpc', addresses: [`127.0.0.1:${nobody}`] },
  ]);
  for (const way of Object.values(ways)) clients[way] = clientAt(way, 'echo');
});

function clientAt(way: 'dc1' | 'dc2', service: string, options = {}): EchoClient {
  const address = clusters[way].gateway.listener('outbound');
  return echoClient(shared, address, hostOf(service), options);
}

/** A call back and forth that stays open. */
function chat(client: EchoClient, asked: Asked = {}) {
  const call = client.Chat(metadataOf(asked), optionsOf(asked));
  return { call, end: endedStream<Message>(call) };
}

for (const [title, way] of Object.entries(ways)) {
  const client = () => clients[way] as EchoClient;

  test(`${title}: a unary call, with metadata before and after it`, async (t) => {
    const metadata = { 'x-tenant': 'acme', 'x-key-bin': Buffer.from([0, 255, 10, 13]) };
    const { code, answers, head, trailers } = await say(client(), { text: 'hello' }, { metadata });
    t.is(code, status.OK);
    t.is(answers[0]?.text, 'hello');
    t.is(head['x-tenant'], 'acme');
    t.deepEqual(head['x-key-bin'], metadata['x-key-bin']);
    t.is(trailers['trailer-x-tenant'], 'acme');
    t.deepEqual(trailers['trailer-x-key-bin'], metadata['x-key-bin']);
  });

  test(`${title}: a stream of messages to the service`, async (t) => {
    const messages = Array.from({ length: 2_000 }, () => ({ payload: Buffer.alloc(1_000) }));
    const { code, answers } = await collect(client(), messages);
    t.is(code, status.OK);
    t.deepEqual(answers, [{ messages: 2_000, bytes: '2000000' }]);
  });

  test(`${title}: a stream of messages from the service, in order`, async (t) => {
    const { code, answers } = await count(client(), 5_000);
    t.is(code, status.OK);
    t.deepEqual(
      answers.map(({ text }) => Number(text)),
      Array.from({ length: 5_000 }, (_, i) => i + 1),
    );
  });

  test(`${title}: each message comes back before the next is sent`, async (t) => {
    const { call, end } = chat(client());
    for (let n = 0; n < 50; n++) {
      call.write({ text: `${n}` });
      const [message] = await once(call, 'data');
      t.is(message.text, `${n}`);
    }
    call.end();
    t.is((await end).code, status.OK);
  });

  test(`${title}: messages of 8 MB both ways`, async (t) => {
    const payload = Buffer.alloc(8 << 20, createHash('sha256').update(title).digest());
    const { code, answers } = await say(client(), { payload });
    t.is(code, status.OK);
    t.true(answers[0]?.payload.equals(payload));
  });

  test(`${title}: five hundred calls at once`, async (t) => {
    const calls = Array.from({ length: 500 }, (_, n) => say(client(), { text: `${n}` }));
    const ends = await Promise.all(calls);
    t.true(ends.every(({ code, answers }, n) => code === status.OK && answers[0]?.text === `${n}`));
  });

  test(`${title}: compressed messages`, async (t) => {
    const gzip = clientAt(way, 'echo', { 'grpc.default_compression_algorithm': 2 });
    const text = 'again and '.repeat(10_000);
    const { code, answers } = await say(gzip, { text });
    t.is(code, status.OK);
    t.is(answers[0]?.text, text);
  });

  test(`${title}: the service's status arrives as it said it, with details and trailers`, async (t) => {
    const details = 'größer als 100 %\nand more';
    for (let failure = 1; failure <= 16; failure++) {
      const metadata = {
        'x-tenant': 'acme',
        'fail-with': `${failure}`,
        'fail-details-bin': Buffer.from(details),
      };
      const end = await say(client(), {}, { metadata });
      t.is(end.code, failure);
      t.is(end.details, details);
      t.is(end.trailers['trailer-x-tenant'], 'acme');
    }
  });

  test(`${title}: a stream that fails after its messages brings them first`, async (t) => {
    const metadata = {
      'fail-with': `${status.DATA_LOSS}`,
      'fail-details-bin': Buffer.from('that was all'),
    };
    const { code, details, answers } = await count(client(), 100, { metadata });
    t.is(answers.length, 100);
    t.is(code, status.DATA_LOSS);
    t.is(details, 'that was all');
  });

  test.serial(`${title}: a call out of time ends at both ends`, async (t) => {
    const end = say(client(), {}, { metadata: { wait: 'forever' }, deadlineMs: 2_000 });
    await until('the call to arrive', () => server.waiting === 1);
    t.true(server.lastTimeLeft <= 2_000, 'the service knows of the deadline');
    t.is((await end).code, status.DEADLINE_EXCEEDED);
    await until('the service to hear of it', () => server.waiting === 0);
  });

  test.serial(`${title}: calls their client cancels end at the service`, async (t) => {
    const waiting = { metadata: { wait: 'forever' } };
    const unary = client().Say({}, metadataOf(waiting), optionsOf(waiting), () => {});
    const { call, end } = chat(client(), waiting);
    call.write({ text: 'there?' });
    await once(call, 'data');
    await until('both calls to arrive', () => server.waiting === 2);
    unary.cancel();
    call.cancel();
    t.is((await end).code, status.CANCELLED);
    await until('the service to hear of both', () => server.waiting === 0);
  });

  test(`${title}: a call whose service is lost in the middle is unavailable`, async (t) => {
    const { call, end } = chat(clientAt(way, `fragile-${way}`));
    call.write({ text: 'there?' });
    await once(call, 'data');
    fragile[way]?.crash();
    const { code, answers } = await end;
    t.is(code, status.UNAVAILABLE);
    t.is(answers.length, 1);
  });

  test(`${title}: what is no service is unimplemented`, async (t) => {
    const { code, details } = await say(clientAt(way, 'nothing'), {});
    t.is(code, status.UNIMPLEMENTED, details);
  });

  test(`${title}: a service that nobody serves is unavailable`, async (t) => {
    const { code, details } = await say(clientAt(way, 'nobody'), {});
    t.is(code, status.UNAVAILABLE, details);
  });
}
