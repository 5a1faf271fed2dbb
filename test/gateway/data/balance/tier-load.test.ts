/** Specifies the loads of tiers, as Envoy documents and tests them. */
import test from 'ava';
import { type TierCounts, tierLoads } from '../../../../gateway/data/balance/tier-load.ts';

const defaults = { overprovisioningFactor: 1.4, panicThreshold: 50 };

/** A tier of a hundred hosts, so that percents are counts. */
function tier(healthy: number, degraded = 0, total = 100, excluded = 0): TierCounts {
  return { healthy, degraded, total, excluded };
}

function healthyLoads(tiers: readonly TierCounts[], policy = defaults): number[] {
  return tierLoads(tiers, policy).map((load) => load.healthyLoad);
}

function panics(tiers: readonly TierCounts[], policy = defaults): boolean[] {
  return tierLoads(tiers, policy).map((load) => load.panic);
}

// Worked examples of Envoy's documentation, "Priority levels".
const priorityLevels: [healthy: number[], loads: number[]][] = [
  [
    [100, 100],
    [100, 0],
  ],
  [
    [72, 100],
    [100, 0],
  ],
  [
    [71, 100],
    [99, 1],
  ],
  [
    [50, 100],
    [70, 30],
  ],
  [
    [25, 100],
    [35, 65],
  ],
  [
    [0, 100],
    [0, 100],
  ],
  [
    [72, 72],
    [100, 0],
  ],
  [
    [71, 71],
    [99, 1],
  ],
  [
    [50, 50],
    [70, 30],
  ],
  [
    [25, 25],
    [50, 50],
  ],
  [
    [100, 100, 100],
    [100, 0, 0],
  ],
  [
    [72, 72, 100],
    [100, 0, 0],
  ],
  [
    [71, 71, 100],
    [99, 1, 0],
  ],
  [
    [50, 50, 100],
    [70, 30, 0],
  ],
  [
    [25, 100, 100],
    [35, 65, 0],
  ],
  [
    [25, 25, 100],
    [35, 35, 30],
  ],
  // The table there says 36/36/28, rounded; the integers of the implementation leave 2 to the first.
  [
    [25, 25, 20],
    [37, 35, 28],
  ],
];

for (const [healthy, loads] of priorityLevels) {
  test(`tiers of ${healthy.join(' % / ')} % healthy carry ${loads.join(' / ')}`, (t) => {
    // Panic changes loads only where every tier panics, so the documented loads are those without it.
    const policy = { ...defaults, panicThreshold: 0 };
    t.deepEqual(
      healthyLoads(
        healthy.map((count) => tier(count)),
        policy,
      ),
      loads,
    );
  });
}

// "Degraded endpoints".
const degradedLevels: [counts: [healthy: number, degraded: number], loads: [number, number]][] = [
  [
    [100, 0],
    [100, 0],
  ],
  [
    [71, 0],
    [100, 0],
  ],
  [
    [71, 29],
    [99, 1],
  ],
  [
    [25, 65],
    [35, 65],
  ],
  [
    [5, 0],
    [100, 0],
  ],
];

for (const [[healthy, degraded], loads] of degradedLevels) {
  test(`one tier of ${healthy} % healthy and ${degraded} % degraded carries ${loads.join(' + ')}`, (t) => {
    const [load] = tierLoads([tier(healthy, degraded)], { ...defaults, panicThreshold: 0 });
    t.deepEqual([load?.healthyLoad, load?.degradedLoad], loads);
  });
}

test('healthy hosts of all tiers come before degraded hosts of any', (t) => {
  t.deepEqual(tierLoads([tier(50, 50), tier(10)], defaults), [
    { healthyLoad: 70, degradedLoad: 16, panic: false },
    { healthyLoad: 14, degradedLoad: 0, panic: false },
  ]);
});

test('the scaled example in Envoy: 10/20/10 health and 20/10/0 degraded', (t) => {
  // Without overprovisioning, health is the percentage itself.
  const tiers = [tier(10, 20), tier(20, 10), tier(10, 0)];
  t.deepEqual(tierLoads(tiers, { overprovisioningFactor: 1, panicThreshold: 0 }), [
    { healthyLoad: 16, degradedLoad: 28, panic: false },
    { healthyLoad: 28, degradedLoad: 14, panic: false },
    { healthyLoad: 14, degradedLoad: 0, panic: false },
  ]);
});

// "Panic threshold". Its table rounds 5 % / 65 % to 7/93; in integers 7 and 92 leave 1 to the first.
const panicLevels: [healthy: number[], loads: number[], panic: boolean[]][] = [
  [
    [72, 72],
    [100, 0],
    [false, false],
  ],
  [
    [71, 71],
    [99, 1],
    [false, false],
  ],
  [
    [50, 60],
    [70, 30],
    [false, false],
  ],
  [
    [0, 100],
    [0, 100],
    [false, false],
  ],
  [
    [25, 25],
    [50, 50],
    [true, true],
  ],
  [
    [5, 65],
    [8, 92],
    [true, false],
  ],
];

for (const [healthy, loads, panic] of panicLevels) {
  test(`tiers of ${healthy.join(' % / ')} % healthy panic: ${panic.join(' / ')}`, (t) => {
    const tiers = healthy.map((count) => tier(count));
    t.deepEqual(healthyLoads(tiers), loads);
    t.deepEqual(panics(tiers), panic);
  });
}

test('a tier that panics while another does not keeps its computed load', (t) => {
  t.deepEqual(tierLoads([tier(10, 0, 100), tier(6, 0, 10)], defaults), [
    { healthyLoad: 15, degradedLoad: 0, panic: true },
    { healthyLoad: 85, degradedLoad: 0, panic: false },
  ]);
});

test('when every tier panics, load goes by number of hosts, the rest to the first that has any', (t) => {
  t.deepEqual(healthyLoads([tier(0, 0, 0), tier(0, 0, 1), tier(0, 0, 2)]), [0, 34, 66]);
});

test('when every tier panics, excluded hosts count and degraded loads are gone', (t) => {
  t.deepEqual(tierLoads([tier(0, 1, 10, 5), tier(0, 0, 10)], defaults), [
    { healthyLoad: 50, degradedLoad: 0, panic: true },
    { healthyLoad: 50, degradedLoad: 0, panic: true },
  ]);
});

test('excluded hosts are not hosts otherwise: 2 of 4 with 2 excluded is fully healthy', (t) => {
  t.deepEqual(healthyLoads([tier(2, 0, 4, 2), tier(1, 0, 1)]), [100, 0]);
});

test('a tier whose hosts are all excluded has no health', (t) => {
  t.deepEqual(healthyLoads([tier(0, 0, 3, 3), tier(1, 0, 1)]), [0, 100]);
});

test('with threshold 0 and nothing healthy there is no load at all', (t) => {
  const policy = { ...defaults, panicThreshold: 0 };
  t.deepEqual(tierLoads([tier(0), tier(0)], policy), [
    { healthyLoad: 0, degradedLoad: 0, panic: false },
    { healthyLoad: 0, degradedLoad: 0, panic: false },
  ]);
});

test('with threshold 0, one healthy host among too many to count still carries all', (t) => {
  const policy = { ...defaults, panicThreshold: 0 };
  t.deepEqual(healthyLoads([tier(0, 0, 1000), tier(1, 0, 1000)], policy), [0, 100]);
});

test('without hosts, or without tiers, there is no load', (t) => {
  t.deepEqual(healthyLoads([tier(0, 0, 0)]), [0]);
  t.deepEqual(tierLoads([], defaults), []);
});

test('the factor is a whole percent: 1.4 x 5 of 7 is exactly 100', (t) => {
  t.deepEqual(healthyLoads([tier(5, 0, 7), tier(7, 0, 7)]), [100, 0]);
  t.deepEqual(
    healthyLoads([tier(29, 0, 100), tier(100)], { ...defaults, overprovisioningFactor: 1.15 }),
    [33, 67],
  );
});
