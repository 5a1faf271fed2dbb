/** Specifies balancing policies as they are written. */

import test from 'ava';
import { defaultBalance } from '../../policy/traffic-policy.ts';
import { balancePolicySchema, timeoutsSchema } from '../../policy/traffic-schema.ts';
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

test('affinity by source is an algorithm that hashes the address', (t) => {
  const policy = (own: object) =>
    balancePolicySchema.parse({ affinity: { source: true }, hash: { header: 'x-user' }, ...own });
  t.like(policy({}), { algorithm: 'maglev', hash: { by: 'source' } });
  t.is(policy({}).affinity, undefined);
  t.is(policy({ algorithm: 'ring-hash' }).algorithm, 'ring-hash');
});

test('affinity by cookie has a name, and lasts as long as the session', (t) => {
  const { affinity } = balancePolicySchema.parse({ affinity: { cookie: {} } });
  t.deepEqual(affinity, {
    ...{ by: 'cookie', name: 'isthmus-affinity', ttlMs: 0, path: '/' },
    failover: true,
  });
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
  { affinity: {} },
  { affinity: { cookie: {}, source: true } },
  { affinity: { cookie: { path: '/;Domain=example' } } },
  { affinity: { cookie: { name: 'a=b' } } },
  { affinity: { header: { name: 'Set-Cookie' } } },
  { affinity: { header: { name: 'x-isthmus-source-cluster' } } },
  { outlier: { splitExternalLocalOriginErrors: 'yes' } },
  { clusterOrder: ['DC 2'] },
  { retry: { on: ['5XX'] } },
  { retry: { statuses: [200] } },
  { retry: { backoff: { base: 25 } } },
  { retry: { stay: 'zone' } },
]) {
  test(`${JSON.stringify(wrong)} is refused`, (t) => {
    t.false(balancePolicySchema.safeParse(wrong).success);
  });
}

test('a deadline is said by a field that is sent on, whatever its case', (t) => {
  t.is(timeoutsSchema.parse({ deadlineHeader: 'X-Timeout' }).deadlineHeader, 'x-timeout');
  t.is(timeoutsSchema.parse({}).deadlineHeader, '');
  for (const name of [
    'host',
    'Content-Length',
    'connection',
    'x-isthmus-why',
    'x-forwarded-for',
    'grpc-timeout',
    'a b',
  ]) {
    t.false(timeoutsSchema.safeParse({ deadlineHeader: name }).success, name);
  }
});

test('retries are written with their unit, and what is not said is the default', (t) => {
  const { retry } = balancePolicySchema.parse({
    retry: { on: ['5xx', 'unavailable'], backoff: { base: '25ms' }, retryAfter: '2s' },
  });
  t.deepEqual(retry, {
    ...defaultBalance.retry,
    on: ['5xx', 'unavailable'],
    backoff: { baseMs: 25, maxMs: 250 },
    retryAfterMs: 2000,
  });
});
