/** Specifies how long is waited before the next try. */
import test from 'ava';
import { backoffDelay } from '../../core/backoff.ts';

const policy = { baseMs: 100, maxMs: 5000 };

for (const [attempt, least, most] of [
  [0, 50, 100],
  [1, 100, 200],
  [2, 200, 400],
  [5, 1600, 3200],
  [6, 2500, 5000],
  [1000, 2500, 5000],
] as const) {
  test(`retry ${attempt} waits between ${least} and ${most} ms`, (t) => {
    t.is(
      backoffDelay(policy, attempt, () => 0),
      least,
    );
    t.is(
      backoffDelay(policy, attempt, () => 1),
      most,
    );
    t.is(
      backoffDelay(policy, attempt, () => 0.5),
      (least + most) / 2,
    );
  });
}
