/** Specifies a token bucket: how many pass at once, how many in a time, and when the next may. */
import test from 'ava';
import {
  afterCharge,
  afterTake,
  secondsToFull,
  secondsToToken,
  shapeOf,
  tokensLeft,
} from '../../../../../gateway/data/request/rate-limit/bucket.ts';

/** Ten a second, five at once. */
const shape = shapeOf({ requests: 10, perMs: 1000, burst: 5 });

/** How many of requests at these moments, in milliseconds, pass. */
function passing(moments: readonly number[], of = shape): number {
  let fullAt = 0;
  let passed = 0;
  for (const ms of moments) {
    const next = afterTake(fullAt, 1e9 + ms * 1000, of);
    if (next === undefined) continue;
    fullAt = next;
    passed++;
  }
  return passed;
}

const cases: readonly (readonly [situation: string, moments: readonly number[], passed: number])[] =
  [
    ['as many at once as the burst', Array(20).fill(0), 5],
    ['after a tenth of a second one more', [...Array(20).fill(0), 100, 100], 6],
    ['just before that none', [...Array(20).fill(0), 99], 5],
    [
      'after a rest the whole burst again, and no more',
      [...Array(9).fill(0), ...Array(9).fill(60_000)],
      10,
    ],
    ['at its own pace every one', Array.from({ length: 50 }, (_, i) => i * 100), 50],
    ['at twice the pace half, and the burst', Array.from({ length: 100 }, (_, i) => i * 50), 54],
  ];

for (const [situation, moments, passed] of cases) {
  test(`${situation}: ${passed} of ${moments.length} pass`, (t) => {
    t.is(passing(moments), passed);
  });
}

test('a rate of many a second is exact: a thousand a second let a thousand pass in a second, and the burst', (t) => {
  const fast = shapeOf({ requests: 1000, perMs: 1000, burst: 1 });
  const moments = Array.from({ length: 4000 }, (_, i) => i / 4);
  t.is(passing(moments, fast), 1000);
});

test('who is told what is left is told whole tokens, and how long until there is one or all', (t) => {
  const now = 1e9;
  t.is(tokensLeft(0, now, shape), 5);
  t.is(tokensLeft(now + 250_000, now, shape), 2);
  t.is(tokensLeft(now + 9e9, now, shape), 0);
  t.is(secondsToFull(0, now), 0);
  t.is(secondsToFull(now + 250_000, now), 1);
  t.is(secondsToToken(now + 500_000, now, shape), 1);
  t.is(secondsToToken(now + 5_000_000, now, shape), 5);
});

test('tokens that were given elsewhere are missing here, and a debt is bounded', (t) => {
  const now = 1e9;
  t.is(tokensLeft(afterCharge(0, now, 3, shape), now, shape), 2);
  t.is(afterCharge(0, now, 1_000_000, shape), now + 2 * shape.depthUs);
});
