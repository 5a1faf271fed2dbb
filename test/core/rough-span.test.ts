/** Specifies how a span of time that is not known exactly is said. */
import test from 'ava';
import { roughSpan } from '../../core/rough-span.ts';

for (const [ms, said] of [
  [-5, '0 ms'],
  [999, '999 ms'],
  [1000, '1 s'],
  [119_999, '120 s'],
  [120_000, '2 minutes'],
  [7_199_999, '120 minutes'],
  [7_200_000, '2.0 h'],
  [144_000_123, '40.0 h'],
  [172_800_000, '2 days'],
] as const) {
  test(`${ms} ms are ${said}`, (t) => {
    t.is(roughSpan(ms), said);
  });
}
