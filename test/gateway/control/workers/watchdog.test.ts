/** Specifies how it is noticed that a worker hangs. */
import test from 'ava';
import { patienceTicks, Watchdog } from '../../../../gateway/control/workers/watchdog.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const tickMs = 1_000;

/** A worker that beats as the test says, and how often it was found to hang. */
function open() {
  const clock = new ManualClock();
  const watchdog = new Watchdog(clock);
  const worker: { beats: number | undefined; hangs: number } = { beats: 0, hangs: 0 };
  const stop = watchdog.watch(
    () => worker.beats,
    () => worker.hangs++,
  );
  return { clock, watchdog, worker, stop };
}

test('a worker that beats is left alone', (t) => {
  const { clock, worker } = open();
  for (let i = 0; i < 3 * patienceTicks; i++) {
    worker.beats = i;
    clock.advance(tickMs);
  }
  t.is(worker.hangs, 0);
});

test('a worker that stops beating is found to hang, once', (t) => {
  const { clock, worker } = open();
  clock.advance(patienceTicks * tickMs);
  t.is(worker.hangs, 0);
  clock.advance(tickMs);
  t.is(worker.hangs, 1);
  clock.advance(3 * patienceTicks * tickMs);
  t.is(worker.hangs, 1);
});

test('one beat in time is enough', (t) => {
  const { clock, worker } = open();
  clock.advance(patienceTicks * tickMs);
  worker.beats = 1;
  clock.advance(patienceTicks * tickMs);
  t.is(worker.hangs, 0);
});

test('a worker that has not begun, or is watched no more, does not hang', (t) => {
  const { clock, watchdog, worker, stop } = open();
  worker.beats = undefined;
  clock.advance(3 * patienceTicks * tickMs);
  worker.beats = 0;
  stop();
  clock.advance(3 * patienceTicks * tickMs);
  watchdog.close();
  t.is(worker.hangs, 0);
  t.is(clock.pending, 0);
});
