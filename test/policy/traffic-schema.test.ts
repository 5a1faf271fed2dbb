/** Specifies balancing policies as they are written. */

import test from 'ava';
import { defaultBalance } from '../../policy/traffic-policy.ts';
import { balancePolicySchema } from '../../policy/traffic-schema.ts';
import { dc2 } from '../gateway/data/balance/scenes.ts';

test('an empty policy is the default policy', (t) => {
  t.deepEqual(balancePolicySchema.parse({}), defaultBalance);
});

test('durations are written with their unit, and the rest of a section keeps its defaults', (t) => {
  const policy = balancePolicySchema.parse({
    algorithm: 'maglev',
    clusterOrder: ['dc2'],
    failback: { hold: '500ms' },
    outlier: { baseEjection: '1.5s', maxEjection: '1h', consecutive5xx: 7 },
    retry: { budgetPercent: 50 },
  });
  t.is(policy.algorithm, 'maglev');
  t.deepEqual(policy.clusterOrder, [dc2]);
  t.deepEqual(policy.failback, { holdMs: 500, rampMs: 10_000 });
  t.is(policy.outlier.baseEjectionMs, 1500);
  t.is(policy.outlier.maxEjectionMs, 3_600_000);
  t.is(policy.outlier.consecutive5xx, 7);
  t.is(policy.outlier.consecutiveGatewayFailure, 3);
  t.is(policy.retry.budgetPercent, 50);
});

test('an ejection that starts above the default ceiling lifts the ceiling', (t) => {
  const { outlier } = balancePolicySchema.parse({ outlier: { baseEjection: '10m' } });
  t.is(outlier.maxEjectionMs, 600_000);
});

for (const wrong of [
  { algoritm: 'random' },
  { algorithm: 'fastest' },
  { overprovisioningFactor: 0.5 },
  { panicThreshold: 120 },
  { failback: { hold: 10 } },
  { failback: { hold: '10' } },
  { failback: { holdMs: 10 } },
  { outlier: { consecutiveFailures: 3 } },
  { outlier: { consecutive5xx: -1 } },
  { outlier: { interval: '50ms' } },
  { outlier: { enforcingSuccessRate: 101 } },
  { maglev: { tableSize: 65_536 } },
  { ringHash: { minimumRingSize: 2000, maximumRingSize: 1000 } },
  { slowStart: { aggression: 0 } },
  { outlier: { splitExternalLocalOriginErrors: 'yes' } },
  { clusterOrder: ['DC 2'] },
]) {
  test(`${JSON.stringify(wrong)} is refused`, (t) => {
    t.false(balancePolicySchema.safeParse(wrong).success);
  });
}
