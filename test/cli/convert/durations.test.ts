/** Specifies durations of other systems in the words of ours. */
import test from 'ava';
import { goDuration, unitDuration } from '../../../cli/convert/durations.ts';

for (const [written, ours] of [
  ['5s', '5s'],
  ['1h30m', '90m'],
  ['0.25s', '250ms'],
  ['100us', '1ms'],
  ['0', '0s'],
  ['0s', '0s'],
  [2_000_000_000, '2s'],
  ['25h', undefined],
  ['5', undefined],
  ['-1s', undefined],
  ['5 s', undefined],
  [true, undefined],
] as const) {
  test(`${JSON.stringify(written)} of Go is ${ours ?? 'none'}`, (t) => {
    t.is(goDuration(written), ours);
  });
}

for (const [written, ours] of [
  [{ unit: 's', value: 90 }, '90s'],
  [{ unit: 'ms', value: 250 }, '250ms'],
  [{ unit: 'm', value: 1 }, undefined],
  [{ unit: 's', value: -1 }, undefined],
  ['5s', undefined],
] as const) {
  test(`${JSON.stringify(written)} of App Mesh is ${ours ?? 'none'}`, (t) => {
    t.is(unitDuration(written), ours);
  });
}
