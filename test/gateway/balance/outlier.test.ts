/** Specifies when a target that fails is ejected, and when it is back. */
import test from 'ava';
import {
  afterRecovery,
  afterTime,
  afterTry,
  ejectionMs,
  mayEjectOneMore,
  type OutlierState,
  trusted,
} from '../../../gateway/balance/outlier.ts';
import type { TryResult } from '../../../gateway/balance/types.ts';

const policy = {
  consecutiveFailures: 3,
  baseEjectionMs: 5000,
  maxEjectionMs: 60_000,
  maxEjectedPercent: 50,
};

function after(
  results: readonly TryResult[],
  from: OutlierState = trusted,
  now = 0,
  mayEject = true,
): OutlierState {
  return results.reduce((state, result) => afterTry(state, result, now, policy, mayEject), from);
}

const ejected: OutlierState = { kind: 'ejected', until: 5000, times: 1 };

test('three failures in a row eject, whether they arrived or not', (t) => {
  t.deepEqual(after(['failed', 'unsent', 'failed']), ejected);
  t.is(after(['failed', 'failed']).kind, 'trusted');
});

test('a success in between starts the count anew; a client that went away says nothing', (t) => {
  t.deepEqual(after(['failed', 'failed', 'ok', 'failed', 'failed']), {
    kind: 'trusted',
    failures: 2,
  });
  t.deepEqual(after(['failed', 'abandoned', 'failed', 'abandoned', 'failed']), ejected);
});

test('results that arrive while ejected change nothing', (t) => {
  t.is(after(['ok', 'failed'], ejected, 100), ejected);
});

test('when the ejection is over the target is on probation, not before', (t) => {
  t.is(afterTime(ejected, 4999), ejected);
  t.deepEqual(afterTime(ejected, 5000), { kind: 'probation', times: 1 });
});

test('a check that passes again ends an ejection, but the target is on probation', (t) => {
  t.deepEqual(afterRecovery(ejected), { kind: 'probation', times: 1 });
  t.is(afterRecovery(trusted), trusted);
});

test('on probation one success clears, one failure ejects for twice as long', (t) => {
  const probation = afterTime(ejected, 5000);
  t.is(after(['ok'], probation), trusted);
  t.deepEqual(after(['failed'], probation, 5000), { kind: 'ejected', until: 15_000, times: 2 });
});

test('ejections double up to the longest', (t) => {
  t.deepEqual(
    [0, 1, 2, 3, 4, 1000].map((times) => ejectionMs(policy, times)),
    [5000, 10_000, 20_000, 40_000, 60_000, 60_000],
  );
});

test('where the cap leaves no room, failures are counted and the next one with room ejects', (t) => {
  const waiting = after(['failed', 'failed', 'failed', 'failed'], trusted, 0, false);
  t.deepEqual(waiting, { kind: 'trusted', failures: 4 });
  t.is(after(['failed'], waiting).kind, 'ejected');
});

for (const [ejectedNow, total, may] of [
  [0, 1, true],
  [1, 1, false],
  [0, 3, true],
  [1, 3, false],
  [1, 4, true],
  [2, 4, false],
  [49, 100, true],
  [50, 100, false],
] as const) {
  test(`with ${ejectedNow} of ${total} out, one more ${may ? 'may' : 'may not'} be ejected at 50 %`, (t) => {
    t.is(mayEjectOneMore(policy, ejectedNow, total), may);
  });
}

test('a cap of 0 % still lets one go', (t) => {
  t.true(mayEjectOneMore({ ...policy, maxEjectedPercent: 0 }, 0, 10));
  t.false(mayEjectOneMore({ ...policy, maxEjectedPercent: 0 }, 1, 10));
});
