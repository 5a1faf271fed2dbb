/** Specifies how clusters that are one tier together divide what that carries, and what each tier carries in other ways of failing over. */

import test from 'ava';
import fc from 'fast-check';
import type { ClusterName } from '../../../../core/names.ts';
import { decide } from '../../../../gateway/data/balance/decide.ts';
import { sharedLoads } from '../../../../gateway/data/balance/shared-tier.ts';
import { tierLoads } from '../../../../gateway/data/balance/tier-load.ts';
import { start } from './balancer-scene.ts';
import { caller, dc1, dc2, dc3, policyWith, remote, summary, viewOf, zone } from './scenes.ts';

const policy = { overprovisioningFactor: 1.4, panicThreshold: 50 };
const weigh = (weights: Partial<Record<string, number>>) =>
  Object.entries(weights).map(([cluster, weight = 1]) => ({
    cluster: cluster as ClusterName,
    weight,
  }));

/** A tier by `cluster healthy/total`, or `cluster healthy+degraded/total`. */
function tier(text: string) {
  const [, cluster, healthy, , degraded, total] = /^(\w+) (\d+)(\+(\d+))?\/(\d+)$/.exec(text) ?? [];
  return {
    cluster: cluster as ClusterName,
    healthy: Number(healthy),
    degraded: Number(degraded ?? 0),
    total: Number(total),
    excluded: 0,
  };
}

for (const [tiers, weights, loads] of [
  [['dc2 3/3', 'dc3 3/3'], {}, [100, 0]],
  [['dc2 3/3', 'dc3 3/3'], { dc2: 3, dc3: 1 }, [75, 25]],
  [['dc2 3/3', 'dc3 3/3', 'dc4 3/3'], { dc2: 1, dc3: 1, dc4: 1 }, [34, 33, 33]],
  [['dc2 0/3', 'dc3 3/3'], { dc2: 3, dc3: 1 }, [0, 100]],
  // Half of dc2 is worth 0.7 of its weight; both can carry all.
  [['dc2 2/4', 'dc3 4/4'], { dc2: 1, dc3: 1 }, [41, 59]],
  [['dc2 3/3', 'dc4 3/3'], { dc2: 1, dc3: 1 }, [100, 0]],
  // Together they can carry 70 %, the next the rest.
  [['dc2 2/4', 'dc3 2/4', 'dc4 4/4'], { dc2: 1, dc3: 1 }, [35, 35, 30]],
  [['dc1 2/2', 'dc1 2/2', 'dc2 4/4'], { dc1: 4, dc2: 1 }, [80, 0, 20]],
  [['dc1 1/2', 'dc1 2/2', 'dc2 4/4'], { dc1: 1, dc2: 1 }, [35, 15, 50]],
  [['dc2 0+3/3', 'dc3 0+3/3'], { dc2: 1, dc3: 3 }, [25, 75]],
  [['dc2 0/3', 'dc3 0/3'], { dc2: 1, dc3: 3 }, [25, 75]],
] as const) {
  test(`${tiers.join(', ')} by ${JSON.stringify(weights)}: ${loads}`, (t) => {
    const loaded = sharedLoads(tiers.map(tier), weigh(weights), policy);
    t.deepEqual(
      loaded.map(({ healthyLoad, degradedLoad }) => healthyLoad + degradedLoad),
      [...loads],
    );
  });
}

const anyTier = fc
  .tuple(fc.constantFrom('dc1', 'dc2', 'dc3', 'dc4'), fc.nat(1000), fc.nat(1000), fc.nat(1000))
  .map(([cluster, healthy, degraded, ill]) => ({
    cluster: cluster as ClusterName,
    ...{ healthy, degraded, total: healthy + degraded + ill, excluded: 0 },
  }));

test('whatever the weights, as much is carried as without them', (t) => {
  fc.assert(
    fc.property(
      fc.array(anyTier, { maxLength: 6 }),
      fc.dictionary(fc.constantFrom('dc1', 'dc2', 'dc3'), fc.integer({ min: 1, max: 1000 })),
      (tiers, weights) => {
        const sum = (loads: ReturnType<typeof tierLoads>) =>
          loads.reduce((total, one) => total + one.healthyLoad + one.degradedLoad, 0);
        const ordered = tiers.toSorted((a, b) => (a.cluster < b.cluster ? -1 : 1));
        return sum(sharedLoads(ordered, weigh(weights), policy)) === sum(tierLoads(tiers, policy));
      },
    ),
  );
  t.pass();
});

test('they stand together in the place of the nearest, and the reason tells of the weights', (t) => {
  const view = viewOf(
    [zone('eu-a', { a: 'healthy', b: 'unhealthy' }), summary(dc2, 3, 3), summary(dc3, 3, 3)],
    [remote(dc2), remote(dc3)],
  );
  const { tiers } = decide(view, caller, policyWith({ clusterWeights: weigh({ dc3: 1, dc1: 1 }) }));
  t.deepEqual(
    tiers.map(({ cluster, healthyLoad }) => [cluster, healthyLoad]),
    [
      [dc1, 41],
      [dc3, 59],
      [dc2, 0],
    ],
  );
  t.is(
    tiers[1]?.reason,
    'carries 59 %: 3 of 3 healthy; by weight 1 of 2, in one tier with dc1 (clusterWeights)',
  );
});

test('requests go by those shares', (t) => {
  const { spread } = start({
    groups: [summary(dc2, 3, 3), summary(dc3, 3, 3)],
    remotes: [remote(dc2), remote(dc3)],
    policy: { clusterWeights: weigh({ dc2: 1, dc3: 3 }) },
  });
  const counts = spread();
  t.true(Math.abs((counts['cluster/dc3'] ?? 0) - 75) <= 15, JSON.stringify(counts));
});

// Consul's: a service fails over once none of its instances is healthy.
for (const [tiers, loads] of [
  [
    ['dc1 1/10', 'dc2 3/3'],
    [100, 0],
  ],
  [
    ['dc1 0/10', 'dc2 1/3'],
    [0, 100],
  ],
  [
    ['dc1 0+10/10', 'dc2 1/3'],
    [0, 100],
  ],
  [
    ['dc1 0+1/10', 'dc2 0/3'],
    [100, 0],
  ],
] as const) {
  test(`only when none is healthy: ${tiers.join(', ')} carry ${loads}, and nobody panics`, (t) => {
    const own = { ...policy, failover: 'only-when-none-healthy' as const };
    const loaded = tierLoads(tiers.map(tier), own);
    t.deepEqual(
      loaded.map(({ healthyLoad, degradedLoad }) => healthyLoad + degradedLoad),
      [...loads],
    );
    t.false(loaded.some(({ panic }) => panic));
  });
}
