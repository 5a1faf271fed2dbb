/** Specifies how many retries a service may have. */
import test from 'ava';
import { createRetryBudget, mostActiveRetries } from '../../../../gateway/data/balance/budget.ts';

const policy = { maxTries: 4, budgetPercent: 20, minPerSecond: 3 };

function retriesLeft(
  budget: ReturnType<typeof createRetryBudget>,
  now: number,
  wanted = policy,
): number {
  let taken = 0;
  while (taken < 10_000 && budget.takeRetry(now, wanted)) taken++;
  return taken;
}

test('without traffic there are three retries a second over ten seconds', (t) => {
  t.is(retriesLeft(createRetryBudget(), 0), 30);
});

test('a fifth of the requests of the last ten seconds may be retried besides', (t) => {
  const budget = createRetryBudget();
  for (let i = 0; i < 1000; i++) budget.countRequest(i * 9);
  t.is(retriesLeft(budget, 9000), 230);
});

test('a retry that was taken is given back when ten seconds have passed', (t) => {
  const budget = createRetryBudget();
  t.is(retriesLeft(budget, 500), 30);
  t.is(retriesLeft(budget, 9999), 0);
  t.is(retriesLeft(budget, 10_000), 30);
});

test('requests leave the window second by second', (t) => {
  const budget = createRetryBudget();
  const free = { ...policy, minPerSecond: 0 };
  for (let i = 0; i < 100; i++) budget.countRequest(500);
  for (let i = 0; i < 50; i++) budget.countRequest(1500);
  t.false(createRetryBudget().takeRetry(0, free));
  t.is(retriesLeft(budget, 10_500, free), 10);
  t.is(retriesLeft(budget, 11_500, free), 0);
});

test('after a long silence nothing of the past is left', (t) => {
  const budget = createRetryBudget();
  for (let i = 0; i < 1000; i++) budget.countRequest(i);
  retriesLeft(budget, 1000);
  t.is(retriesLeft(budget, 1_000_000), 30);
});

test('a budget of nothing allows nothing', (t) => {
  const budget = createRetryBudget();
  for (let i = 0; i < 100; i++) budget.countRequest(0);
  t.is(retriesLeft(budget, 0, { ...policy, budgetPercent: 0, minPerSecond: 0 }), 0);
});

test('of active tries a fifth may be retries, and three whatever their number', (t) => {
  const policy = { budgetPercent: 20, minConcurrent: 3 };
  for (const [active, most] of [
    [0, 3],
    [19, 3],
    [20, 4],
    [24, 4],
    [25, 5],
    [1000, 200],
  ] as const) {
    t.is(mostActiveRetries(active, policy), most, String(active));
  }
});
