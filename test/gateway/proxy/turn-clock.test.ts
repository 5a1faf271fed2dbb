/** Specifies time that is read once for many: how old it may be. */
import { setImmediate as turnEnd } from 'node:timers/promises';
import test from 'ava';
import { TurnClock } from '../../../gateway/proxy/turn-clock.ts';
import { ManualClock } from '../../support/manual-clock.ts';

test('within a turn of the event loop it is read once, for at most sixteen', async (t) => {
  const clock = new ManualClock();
  const turn = new TurnClock(clock);
  const first = turn.monotonic();
  clock.advance(5);
  for (let use = 2; use <= 16; use++) t.is(turn.monotonic(), first);
  t.is(turn.monotonic(), first + 5);
  clock.advance(5);
  t.is(turn.monotonic(), first + 5);
  await turnEnd();
  t.is(turn.monotonic(), first + 10);
});
