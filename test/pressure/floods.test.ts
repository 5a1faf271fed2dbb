/** Specifies that a flood ends the connection it comes on and nothing else, is counted under what it is, and fills no log. */
import { connect, type Socket } from 'node:net';
import anyTest, { type TestFn } from 'ava';
import { errorCode, flag, frameType } from '../../gateway/data/wire/http2/protocol.ts';
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
} from '../gateway/data/wire/http2/frames.ts';
import { adminRequest } from '../support/admin-request.ts';
import { type Cluster, standalone } from '../support/federation.ts';
import { sharedScope } from '../support/shared.ts';
import { hostOf } from '../support/two-clusters.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const maxConnections = 30;
let cluster: Cluster;

test.before('a gateway with one worker', async () => {
  cluster = await standalone(shared, 'dc1', {
    config: { workers: 1, limits: { maxConnections, head: '400ms' } },
  });
});

test.afterEach('it serves on, and is the same', async (t) => {
  t.is((await cluster.gateway.request('orders.shop')).status, 200);
  const [worker] = await cluster.gateway.items<{ restarts: number }>('/v1/workers');
  t.is(worker?.restarts, 0);
});

function dial(): Socket {
  const [host = '', port] = cluster.gateway.listener('outbound').split(':');
  const socket = connect(Number(port), host);
  // To be cut off is what it comes for.
  socket.on('error', () => {});
  return socket;
}

/** Opens a connection and says hello over HTTP/2. `answered`: whether it was answered, or closed without. */
function greet(): { socket: Socket; answered: Promise<boolean> } {
  const socket = dial();
  const answered = new Promise<boolean>((resolve) => {
    socket.once('data', () => resolve(true)).once('close', () => resolve(false));
  });
  socket.write(hello);
  return { socket, answered };
}

/** What `/metrics` has for a counter whose labels include `label`, over all its series. */
async function counted(counter: string, label: string): Promise<number> {
  const { text } = await adminRequest(cluster.gateway, '/metrics');
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${counter}{`) && line.includes(label))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

const closedFor = (reason: string) =>
  counted('isthmus_connections_refused_total', `reason="${reason}"`);

interface Flood {
  /** Sent once. */
  readonly first?: Buffer;
  /** Sent again and again. */
  readonly again?: (n: number) => Buffer;
}

/** An upload that is waited for. */
const upload = [...post.slice(0, -1), hostOf('orders')];

/** Streams that are answered at once: nobody has that service. */
const nth = (n: number) => 2 * n + 3;

const floods: Readonly<Record<string, Flood>> = {
  'broken-streams': {
    again: (n) => Buffer.concat([headers(nth(n), get), rst(nth(n), errorCode.cancel)]),
  },
  'continuation-flood': {
    first: frame(frameType.headers, flag.endStream, 1, block(get)),
    again: () => frame(frameType.continuation, 0, 1, Buffer.from('x')),
  },
  'settings-flood': { again: () => settings([4, 65_535]) },
  'ping-flood': { again: () => ping() },
  'empty-data-flood': { first: headers(1, post, false), again: () => data(1, '') },
  'window-flood': { again: () => windowUpdate(0, 1) },
  'priority-flood': { again: () => frame(frameType.priority, 0, 1, Buffer.alloc(5)) },
  'reset-flood': { first: headers(1, get), again: () => rst(1, errorCode.cancel) },
  'goaway-flood': { first: headers(1, upload, false), again: () => goaway(0, errorCode.noError) },
  'unknown-frame-flood': { again: () => frame(0xbb, 0, 0) },
  'slow-head': { first: frame(frameType.headers, flag.endStream, 1, block(get)) },
  'protocol-error': { first: frame(frameType.settings, 0, 1) },
};

/** Resolves when the gateway has closed the connection. */
async function flood({ first = Buffer.alloc(0), again }: Flood): Promise<void> {
  const socket = dial();
  socket.resume().write(Buffer.concat([hello, first]));
  for (let n = 0; again !== undefined && !socket.closed; n += 50) {
    const frames = Array.from({ length: 50 }, (_, i) => again(n + i));
    await new Promise((resolve) => socket.write(Buffer.concat(frames), resolve));
  }
  await until('the connection to be closed', () => socket.closed);
}

for (const [reason, what] of Object.entries(floods)) {
  test.serial(`${reason}: the connection is closed, and counted as that`, async (t) => {
    const before = await closedFor(reason);
    await flood(what);
    await until('it is counted', async () => (await closedFor(reason)) === before + 1);
    t.false(cluster.gateway.logged({ msg: 'HTTP/2 connection failed' }));
  });
}

test.serial(
  'streams beyond those that are allowed are refused one by one, and counted',
  async (t) => {
    const refused = () => counted('isthmus_requests_refused_total', 'code="TOO_MANY_STREAMS"');
    const socket = dial();
    socket.resume();
    const requests = Array.from({ length: 110 }, (_, n) => headers(nth(n), upload, false));
    socket.write(Buffer.concat([hello, ...requests]));
    await until('ten to be counted', async () => (await refused()) >= 10);
    t.is(await refused(), 10);
    t.false(socket.closed);
    socket.destroy();
  },
);

test.serial(
  'connections beyond the limit are closed as they come, counted, and logged once',
  async (t) => {
    const { gateway } = cluster;
    const before = await closedFor('connection-limit');
    const greeted = Array.from({ length: maxConnections + 5 }, greet);
    const answered = await Promise.all(greeted.map(({ answered }) => answered));
    const refused = answered.filter((has) => !has).length;
    t.true(refused >= 5);
    await until(
      'each refused to be counted',
      async () => (await closedFor('connection-limit')) === before + refused,
    );
    t.is(gateway.logLines({ msg: 'too many connections of clients', level: 'warn' }).length, 1);
    // Those within the limit were left alone.
    t.deepEqual(
      greeted.map(({ socket }) => !socket.closed),
      answered,
    );
    for (const { socket } of greeted) socket.destroy();
    await until('there is room again', async () => {
      const answer = await gateway.request('orders.shop').catch(() => undefined);
      return answer?.status === 200;
    });
  },
);
