/** Specifies that bodies of any size pass two gateways in little memory, however slow the side that takes them. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { pipeline } from 'node:stream/promises';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { bulk, Meter } from '../support/bulk.ts';
import { http2Session, requestOver } from '../support/http2-session.ts';
import { watchGrowth } from '../support/memory.ts';
import { startOrigin } from '../support/origin.ts';
import { sharedScope } from '../support/shared.ts';
import { hostOf, type TwoClusters, twoClusters, urlOf } from '../support/two-clusters.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const host = hostOf('bulk');
const MiB = 1 << 20;
/** What sockets and windows on the way may hold of a body that nobody takes. */
const mostUnderWayMiB = 64;
/** What a gateway may grow by meanwhile: buffers, and what the collector has not got to. */
const mostGrowthMiB = 128;

let clusters: TwoClusters;
/** What the service has sent, and taken. */
let sent: Meter;
let taken: Meter;
/** Lets the service take uploads. */
let take: () => void;

test.before(
  'a service in dc2 sends as much as is asked for, and takes uploads when told',
  async () => {
    const origin = await startOrigin(shared, (incoming, response) => {
      if (incoming.method === 'GET') {
        const body = bulk(Number(incoming.url?.slice(1)) * MiB, sent);
        // A reader that goes is the test's to notice.
        pipeline(body, response).catch(() => {});
        return;
      }
      take = () => void taken.drain(incoming).then(() => response.end());
    });
    clusters = await twoClusters(shared, [{ name: 'bulk', addresses: [origin.address] }]);
  },
);

test.beforeEach('nothing has passed', async () => {
  sent = new Meter();
  taken = new Meter();
  take = () => {
    throw new Error('no upload has arrived');
  };
  // What a gateway needs once is in the figure before.
  await new Meter().drain(await get(64));
  sent.bytes = 0;
});

/** A body of so many MiB, over HTTP/1.1; nothing of it has been read. */
async function get(mebibytes: number): Promise<IncomingMessage> {
  const call = request(urlOf(clusters.dc1, `/${mebibytes}`), { headers: { host }, agent: false });
  call.end();
  const [response] = await once(call, 'response');
  return response;
}

/** Watches what the gateways grow by while `passes` runs; the growth of both is bounded. */
async function flat(t: ExecutionContext, passes: () => Promise<void>): Promise<void> {
  const pids = [clusters.dc1, clusters.dc2].map(({ gateway }) => gateway.pid ?? 0);
  const growth = watchGrowth(pids);
  try {
    await passes();
  } finally {
    const grown = growth.stop().map(Math.round);
    t.log(`the gateways grew by ${grown.join(' and ')} MiB`);
    for (const MiBs of grown) t.true(MiBs < mostGrowthMiB, `${MiBs} MiB more`);
  }
}

test.serial('1 GiB over HTTP/1.1 to a reader that rests: it waits at the service', async (t) => {
  await flat(t, async () => {
    const response = await get(1024);
    await sent.stalls();
    const underWay = sent.bytes / MiB;
    t.true(underWay < mostUnderWayMiB, `${underWay} MiB under way`);
    const read = new Meter();
    await read.drain(response);
    t.is(read.bytes, 1024 * MiB);
  });
});

test.serial('256 MiB over HTTP/2 to a reader that rests: it waits at the service', async (t) => {
  const session = http2Session(t, urlOf(clusters.dc1));
  await flat(t, async () => {
    const stream = requestOver(session, host, '/256');
    await once(stream, 'response');
    await sent.stalls();
    const underWay = sent.bytes / MiB;
    t.true(underWay < mostUnderWayMiB, `${underWay} MiB under way`);
    const read = new Meter();
    await read.drain(stream);
    t.is(read.bytes, 256 * MiB);
  });
});

test.serial('256 MiB to a service that rests: they wait at the client', async (t) => {
  await flat(t, async () => {
    const call = request(urlOf(clusters.dc1), { method: 'PUT', headers: { host }, agent: false });
    const answered = once(call, 'response');
    const given = new Meter();
    const uploaded = pipeline(bulk(256 * MiB, given), call);
    await given.stalls();
    const underWay = given.bytes / MiB;
    t.true(underWay < mostUnderWayMiB, `${underWay} MiB under way`);
    take();
    await uploaded;
    const [response] = await answered;
    t.is(response.statusCode, 200);
    t.is(taken.bytes, 256 * MiB);
  });
});
