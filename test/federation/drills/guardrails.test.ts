/** Specifies when a drill has gone too far. */
import test from 'ava';
import {
  breaches,
  fewestRequests,
  type Observation,
} from '../../../federation/drills/guardrails.ts';
import type { Window } from '../../../federation/drills/measures.ts';
import { type Guardrails, guardrailsSchema } from '../../../federation/drills/spec.ts';
import { percentText } from '../../../federation/drills/words.ts';

const quiet: Window = {
  seconds: 5,
  requests: 0,
  perSecond: 0,
  failed: 0,
  to: new Map(),
  rates: new Map(),
  boundsMs: [10, 100],
  latency: [],
};
const fine: Observation = {
  window: quiet,
  loads: new Map(),
  fewestHealthy: undefined,
  elapsedMs: 0,
};

function broken(guardrails: Partial<Guardrails>, observed: Partial<Observation>) {
  return breaches(guardrailsSchema.parse(guardrails), { ...fine, ...observed }).map(
    ({ guardrail, value, limit }) => [guardrail, value, limit],
  );
}

const window = (requests: number, failed: number, latency: readonly number[] = []) => ({
  window: { ...quiet, requests, failed, latency },
});

test('error rate: more than the limit, also if the next requests were all well', (t) => {
  t.deepEqual(broken({}, window(100, 1)), []);
  t.deepEqual(broken({}, window(100, 2)), [['errorRate', 0.02, 0.01]]);
  t.deepEqual(broken({ errorRate: 0 }, window(fewestRequests, 1)), [['errorRate', 0.05, 0]]);
  // A service that is seldom asked is guarded too.
  t.deepEqual(broken({}, window(12, 12)), [['errorRate', 1, 0.01]]);
  t.deepEqual(broken({ errorRate: 0.1 }, window(2, 2)), []);
  t.deepEqual(broken({ errorRate: 0.1 }, window(3, 3)), [['errorRate', 1, 0.1]]);
  t.deepEqual(broken({ errorRate: 1 }, window(100, 100)), []);
});

test('p99: watched only where a limit is given', (t) => {
  t.deepEqual(broken({}, window(100, 0, [0, 0, 100])), []);
  t.deepEqual(broken({ p99: '50ms' }, window(100, 0, [100, 0, 0])), []);
  t.deepEqual(broken({ p99: '50ms' }, window(100, 0, [0, 0, 100])), [['p99', 100, 50]]);
});

test('load: of each cluster that states a capacity', (t) => {
  const loads = new Map([
    ['dc1', 0.9],
    ['dc2', 0.95],
    ['dc3', 2],
  ]);
  t.deepEqual(broken({}, { loads }), [
    ['load', 0.95, 0.9],
    ['load', 2, 0.9],
  ]);
});

test('healthy copies: fewer than the least', (t) => {
  const left = (healthy: number) => ({ fewestHealthy: { service: 'orders.shop', healthy } });
  t.deepEqual(broken({}, left(1)), []);
  t.deepEqual(broken({}, left(0)), [['minHealthy', 0, 1]]);
  t.deepEqual(broken({ minHealthy: 0 }, left(0)), []);
});

test('time limit: longer than it', (t) => {
  t.deepEqual(broken({ timeLimit: '2s' }, { elapsedMs: 2_000 }), []);
  t.deepEqual(broken({ timeLimit: '2s' }, { elapsedMs: 2_001 }), [['timeLimit', 2_001, 2_000]]);
});

test('several break together: all are told, in the order they are written', (t) => {
  const found = broken({ timeLimit: '1s' }, { ...window(100, 50), elapsedMs: 9_000 });
  t.deepEqual(
    found.map(([name]) => name),
    ['errorRate', 'timeLimit'],
  );
});

test('percent: as many digits as say something', (t) => {
  const table = { '0 %': 0, '0.1 %': 0.001, '12.3 %': 0.12345, '100 %': 1 };
  for (const [text, share] of Object.entries(table)) t.is(percentText(share), text);
});
