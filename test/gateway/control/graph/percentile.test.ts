/** Specifies percentiles read off a histogram, and histograms moved to other bounds. */
import test from 'ava';
import { percentile, rebucket } from '../../../../gateway/control/graph/percentile.ts';

const bounds = [10, 20, 40];
for (const [counts, share, expected, what] of [
  [[], 0.5, undefined, 'nothing counted'],
  [[0, 0, 0, 0], 0.5, undefined, 'only zeros'],
  [[4, 0, 0, 0], 0.5, 5, 'the middle of the first bucket begins at 0'],
  [[0, 4, 0, 0], 0.5, 15, 'linear within a bucket'],
  [[0, 4, 0, 0], 1, 20, 'the end of a bucket'],
  [[2, 2, 0, 0], 0.5, 10, 'the border between two'],
  [[98, 0, 2, 0], 0.99, 30, 'the tail'],
  [[0, 0, 0, 7], 0.5, 40, 'beyond the last bound the last bound'],
  [[1, 0, 0, 9], 0.99, 40, 'mostly beyond'],
] as const) {
  test(`percentile ${share} of ${JSON.stringify(counts)} is ${expected}: ${what}`, (t) => {
    t.is(percentile(counts, bounds, share), expected);
  });
}

for (const [counts, from, to, expected] of [
  [
    [1, 2, 3],
    [10, 20],
    [10, 20],
    [1, 2, 3],
  ],
  [
    [1, 2, 3],
    [10, 20],
    [15, 30],
    [1, 2, 3],
  ],
  [[1, 2, 3], [10, 20], [20], [3, 3]],
  [[1, 2, 3], [10, 20], [5], [0, 6]],
  [[], [10], [20], [0, 0]],
] as const) {
  test(`counts ${JSON.stringify(counts)} under ${from} are ${expected} under ${to}`, (t) => {
    t.deepEqual(rebucket(counts, from, to), [...expected]);
  });
}
