/** Specifies how durations are written. */
import test from 'ava';
import { durationSchema, durationTextSchema } from '../../core/duration.ts';
import { writtenDuration } from '../../core/written-duration.ts';

for (const [text, ms] of [
  ['0s', 0],
  ['250ms', 250],
  ['5s', 5000],
  ['1.5s', 1500],
  ['2m', 120_000],
  ['1h', 3_600_000],
  ['24h', 86_400_000],
] as const) {
  test(`${text} is ${ms} milliseconds`, (t) => {
    t.is(durationSchema.parse(text), ms);
  });
}

for (const [ms, text] of [
  [0, '0s'],
  [1, '1ms'],
  [1500, '1500ms'],
  [5000, '5s'],
  [60_000, '1m'],
  [90_000, '90s'],
  [86_400_000, '24h'],
] as const) {
  test(`${ms} milliseconds are written ${text}`, (t) => {
    t.is(writtenDuration(ms), text);
    t.is(durationSchema.parse(text), ms);
    t.is(durationTextSchema.parse(text), text);
  });
}

for (const text of [
  '',
  '5',
  's',
  '5 s',
  '-5s',
  '5S',
  '5d',
  '1h30m',
  '.5s',
  '25h',
  `${'9'.repeat(400)}h`,
  5,
]) {
  test(`${JSON.stringify(text).slice(0, 20)} is refused, with what to write instead`, (t) => {
    t.false(durationSchema.safeParse(text).success);
    t.false(durationTextSchema.safeParse(text).success);
  });
}
