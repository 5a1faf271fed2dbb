/** Specifies the system's clock: what is to come after a while does not come before. */
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { systemClock } from '../../core/clock.ts';

/** How long a call of `after(ms)` took to come, measured by the same clock. */
function tookAfter(ms: number): Promise<number> {
  const setAt = systemClock.monotonic();
  return new Promise((resolve) => {
    systemClock.after(ms, () => resolve(systemClock.monotonic() - setAt));
  });
}

test('nothing that waits is called before its time, not by a part of a millisecond either', async (t) => {
  const alive = setInterval(() => {}, 1_000);
  t.teardown(() => clearInterval(alive));
  for (let i = 0; i < 400; i++) {
    // Begins at every part of a millisecond.
    const busyUntil = performance.now() + (i % 20) / 20;
    while (performance.now() < busyUntil);
    const took = await tookAfter(3);
    t.true(took >= 3, `${took} ms`);
  }
});

test('what is cancelled does not come', async (t) => {
  let came = 0;
  systemClock.after(20, () => came++)();
  await delay(100);
  t.is(came, 0);
});
