/** Specifies what of the whole is each worker's, and how their views become one. */
import test from 'ava';
import { combinedState } from '../../../../gateway/control/workers/balancer-states.ts';
import { heapMb, limitsOfOne } from '../../../../gateway/control/workers/shares.ts';
import { defaultLimits } from '../../../../gateway/data/request/limit.ts';

const gib = 2 ** 30;

for (const [workers, memory, share] of [
  [2, 16 * gib, 1024],
  [64, 256 * gib, 1024],
  [4, 4 * gib, 512],
  [64, 8 * gib, 128],
  [1, gib, 512],
] as const) {
  test(`${workers} workers in ${memory / gib} GiB get ${share} MiB each`, (t) => {
    t.is(heapMb(workers, memory), share);
  });
}

test('connections are divided over the workers, everything else is for each request', (t) => {
  t.deepEqual(limitsOfOne({ ...defaultLimits, maxConnections: 10 }, 4), {
    ...defaultLimits,
    maxConnections: 3,
  });
});

test('a target is ejected when half of the workers that use it say so', (t) => {
  const state = (...ejected: string[]) => ({
    ejected: new Map(ejected.map((key) => [key, 'consecutive5xx' as const])),
    starting: new Map(),
    governedLoads: [],
  });
  t.is(combinedState([]), undefined);
  t.deepEqual(combinedState([state('a')])?.ejected, state('a').ejected);
  t.deepEqual(combinedState([state('a', 'b'), state('a'), state()])?.ejected, state('a').ejected);
});

test('loads that return, and endpoints that start, are shown as long as one worker has them so', (t) => {
  const tier = { name: 'zone a', load: 100, target: 100, state: { kind: 'steady' } } as const;
  const moving = { ...tier, load: 40, state: { kind: 'ramping', since: 0, from: 0 } } as const;
  const states = [
    { ejected: new Map(), starting: new Map(), governedLoads: [tier] },
    { ejected: new Map(), starting: new Map([['endpoint/a', 0.5]]), governedLoads: [moving] },
  ];
  t.deepEqual(combinedState(states)?.governedLoads, [moving]);
  t.deepEqual([...(combinedState(states)?.starting ?? [])], [['endpoint/a', 0.5]]);
});
