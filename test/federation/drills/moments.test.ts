/** Specifies what is seen of a drill while it goes on. */
import test from 'ava';
import { parseServiceName } from '../../../core/names.ts';
import type { History } from '../../../federation/drills/measures.ts';
import { momentsSeen as seen } from '../../../federation/drills/moments.ts';
import { measureRecordSchema } from '../../../federation/drills/records.ts';
import { nothingPredicted, runningDrill } from './specs.ts';

const service = parseServiceName('orders.shop');

/** A gateway that tells twice a second what it has counted: twenty requests a second, to dc1 and from 3 s on to dc2. */
function history(beginsAt: number, endsAt: number): History {
  const samples = [];
  for (let at = beginsAt; at <= endsAt; at += 500) {
    const [near, far] = [Math.min(at, 3_000) / 50, Math.max(0, at - 3_000) / 50];
    const measure = measureRecordSchema.parse({
      ...{ cluster: 'dc1', id: 'gw1', uptimeMs: at, boundsMs: [10] },
      services: [
        {
          service,
          requests: near + far,
          failed: far / 2,
          to: { dc1: near, dc2: far },
          latency: [],
        },
      ],
      following: [{ drill: 'd1', inForce: at < 3_000 ? 0 : 1 }],
    });
    samples.push({ at, measure });
  }
  return samples;
}

function momentsSeen(
  histories: ReadonlyMap<string, History>,
  id: string,
  times: Parameters<typeof seen>[2],
) {
  return seen(histories, runningDrill(id), times);
}

const told = new Map([['dc1/gw1', history(0, 6_000)]]);

test('second by second: who answered, what failed, and how far it was in force', (t) => {
  const moments = momentsSeen(told, 'd1', { from: 1_000, until: 5_400, startedAt: 2_000 });
  t.deepEqual(
    moments.map(({ atMs, inForce, errorRate, clusters }) => [atMs, inForce, errorRate, clusters]),
    [
      [0, 0, 0, { dc1: 20, dc2: 0 }],
      [1_000, 1, 0, { dc1: 20, dc2: 0 }],
      // Rates look two seconds back.
      [2_000, 1, 0.5, { dc1: 10, dc2: 10 }],
      [3_000, 1, 0.5, { dc1: 0, dc2: 20 }],
    ],
  );
});

test('of what the drill concerns alone', (t) => {
  const concern = { services: [parseServiceName('cart.shop')], what: 'requests for cart.shop' };
  const other = runningDrill('d1', { prediction: { ...nothingPredicted, concern } });
  const moments = seen(told, other, { from: 1_000, until: 5_400, startedAt: 2_000 });
  t.true(moments.every(({ requestsPerSecond }) => requestsPerSecond === 0));
});

test('no further back than counts are known, and nothing of what nobody tells', (t) => {
  const late = new Map([['dc1/gw1', history(4_000, 6_000)]]);
  const times = { from: 0, until: 6_000, startedAt: 0 };
  t.deepEqual(
    momentsSeen(late, 'd1', times).map(({ atMs }) => atMs),
    [5_000, 6_000],
  );
  t.deepEqual(momentsSeen(new Map(), 'd1', times), []);
  t.deepEqual(
    momentsSeen(told, 'another', times).map(({ inForce }) => inForce),
    [0, 0, 0, 0, 0, 0],
  );
});
