/** Specifies whether a drill met its objectives. */
import test from 'ava';
import type { Traffic } from '../../../federation/drills/model.ts';
import { objectivesSchema } from '../../../federation/drills/spec.ts';
import { type Findings, judge } from '../../../federation/drills/verdict.ts';

const objectives = objectivesSchema.parse({});
const well: Traffic = {
  seconds: 10,
  requests: 1_000,
  errors: 0,
  errorRate: 0,
  requestsPerSecond: 100,
};
const good: Findings = { abortedBy: undefined, during: well, recoverMs: 0 };

function missed(findings: Partial<Findings>): string[] {
  const { passed, objectives: judged } = judge(objectives, { ...good, ...findings });
  const names = judged.filter(({ met }) => !met).map(({ name }) => name);
  return passed === (names.length === 0) ? names : ['verdict'];
}

test('all is well, or just so', (t) => {
  t.deepEqual(missed({}), []);
  t.deepEqual(missed({ recoverMs: 5_000, during: { ...well, errors: 1, errorRate: 0.001 } }), []);
});

test('it took too long, or never recovered', (t) => {
  t.deepEqual(missed({ recoverMs: 5_001 }), ['rto']);
  t.deepEqual(missed({ recoverMs: undefined }), ['rto']);
});

test('more failed than the budget', (t) => {
  t.deepEqual(missed({ during: { ...well, errors: 2, errorRate: 0.002 } }), ['errorBudget']);
});

test('an aborted drill is no success, however well it went', (t) => {
  t.deepEqual(missed({ abortedBy: { kind: 'operator', what: 'enough' } }), ['completed']);
});

test('without traffic there is nothing to judge by', (t) => {
  t.deepEqual(missed({ during: { ...well, requests: 0 } }), ['rto', 'errorBudget']);
});

test('probes: every one is to be refused, and there is to be one', (t) => {
  const quiet = { during: { ...well, requests: 0 } };
  t.deepEqual(missed({ ...quiet, probes: { made: 2, refused: 2 } }), []);
  t.deepEqual(missed({ ...quiet, probes: { made: 2, refused: 1 } }), ['refusals']);
  t.deepEqual(missed({ ...quiet, probes: { made: 0, refused: 0 } }), ['refusals']);
});
