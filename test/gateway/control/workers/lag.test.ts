/** Specifies how late a worker's event loop is said to be where it was not looked at all the time. */
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { LoopLag, rankAmong } from '../../../../gateway/data/worker/lag.ts';

for (const [situation, samples, onTime, expected] of [
  ['of samples alone it is their 99th percentile', 100, 0, 99],
  ['where as many were not taken, half of it is among them', 50, 50, 98],
  ['one late turn among two seconds is not it', 1, 99, 0],
  ['two are', 2, 98, 50],
  ['without samples nothing was late', 0, 100, 0],
] as const) {
  test(situation, (t) => {
    t.is(rankAmong(samples, onTime), expected);
  });
}

/** Takes the event loop for that long. */
function toil(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

test('a worker that was at rest and has too much to do is late by the next look', async (t) => {
  const lag = new LoopLag(0);
  // It has loaded its code.
  for (const now of [1_000, 2_000]) t.is(lag.look(now), 0);
  t.false(lag.isSampling);
  t.is(lag.look(3_000), 0);
  lag.stir(3_100);
  for (let turns = 0; turns < 6; turns++) {
    await pause(1);
    toil(150);
  }
  await pause(1);
  t.true(lag.look(4_000) > 100);
  lag.rest();
  t.false(lag.isSampling);
  t.is(lag.look(5_000), 0);
});
