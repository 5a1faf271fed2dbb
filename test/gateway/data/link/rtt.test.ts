/** Specifies what a link makes of its round trips. */
import test from 'ava';
import { movedNotably, SlowestAnswer, smoothed } from '../../../../gateway/data/link/rtt.ts';

test('the estimate follows a nearer way at once and a farther one slowly', (t) => {
  t.is(smoothed(undefined, 80), 80);
  t.is(smoothed(80, 160), 90);
  t.is(smoothed(80, 40), 60);
});

test('a change is told when it is over 20 % and over a millisecond', (t) => {
  for (const [told, now, expected] of [
    [undefined, 80, true],
    [80, undefined, true],
    [undefined, undefined, false],
    [80, 95, false],
    [80, 97, true],
    [80, 63, true],
    [0.2, 1.1, false],
    [0.2, 1.3, true],
  ] as const) {
    t.is(movedNotably(told, now), expected, `${told} to ${now}`);
  }
});

test('the slowest answer is remembered for 32 more', (t) => {
  const slowest = new SlowestAnswer();
  t.is(slowest.ms, 0);
  slowest.add(2);
  slowest.add(600);
  for (let n = 0; n < 31; n++) slowest.add(200);
  t.is(slowest.ms, 600);
  slowest.add(200);
  t.is(slowest.ms, 200);
});
