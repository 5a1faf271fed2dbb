/** Specifies time limits in one wheel: never early, soon after, and moved at will. */
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import type { Clock } from '../../core/clock.ts';
import { roundMs, Timed, TimingWheel } from '../../core/timing-wheel.ts';
import { ManualClock } from '../support/manual-clock.ts';

class Item extends Timed {
  readonly #clock: ManualClock;
  readonly firedAt: number[] = [];

  constructor(clock: ManualClock) {
    super();
    this.#clock = clock;
  }

  override onDue(): void {
    this.firedAt.push(this.#clock.monotonic());
  }
}

/** Lets time pass in steps, as an event loop has it. */
async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 5) {
    clock.advance(Math.min(5, left));
    await turn();
  }
}

function scene() {
  const clock = new ManualClock();
  return { clock, wheel: new TimingWheel(clock) };
}

test('what is due is told once, never early, and within two ticks', async (t) => {
  const { clock, wheel } = scene();
  for (const ms of [1, 10, 333, 5_120, 5_125, 12_345]) {
    const item = new Item(clock);
    const start = clock.monotonic();
    wheel.set(item, start + ms);
    await pass(clock, ms + 40);
    t.is(item.firedAt.length, 1, `${ms}`);
    const late = (item.firedAt[0] ?? Number.NaN) - start - ms;
    t.true(late >= 0 && late <= 20, `${ms}: ${late} ms late`);
  }
});

test('a limit moves later and earlier, and can be called off', async (t) => {
  const { clock, wheel } = scene();
  const [later, earlier, off, never] = [0, 0, 0, 0].map(() => new Item(clock));
  if (!later || !earlier || !off || !never) throw new Error('no items');
  for (const item of [later, earlier, off, never]) wheel.set(item, 100);
  wheel.set(later, 300);
  wheel.set(earlier, 50);
  wheel.cancel(off);
  wheel.set(never, Infinity);
  await pass(clock, 90);
  t.deepEqual(
    [later, earlier, off, never].map((item) => item.firedAt.length),
    [0, 1, 0, 0],
  );
  await pass(clock, 500);
  t.deepEqual(
    [later, earlier, off, never].map((item) => item.firedAt.length),
    [1, 1, 0, 0],
  );
  t.true((later.firedAt[0] ?? 0) >= 300);
});

test('one that is due may call off another that is due as well', async (t) => {
  const { clock, wheel } = scene();
  const victim = new Item(clock);
  class Killer extends Item {
    override onDue(): void {
      wheel.cancel(victim);
      super.onDue();
    }
  }
  const killer = new Killer(clock);
  wheel.set(victim, 100);
  wheel.set(killer, 100);
  const order = [killer, victim];
  await pass(clock, 200);
  t.is(killer.firedAt.length, 1);
  t.true(order.every((item) => item.firedAt.length <= 1));
  t.is(victim.dueAt, Infinity);
});

test('nothing is set while nothing waits, and nothing is told after the end', async (t) => {
  const { clock, wheel } = scene();
  t.is(clock.pending, 0);
  const item = new Item(clock);
  wheel.set(item, 100);
  t.is(clock.pending, 1);
  wheel.cancel(item);
  await pass(clock, 600);
  t.is(clock.pending, 0);
  wheel.set(item, clock.monotonic() + 100);
  wheel.close();
  await pass(clock, 600);
  t.is(item.firedAt.length, 0);
});

test('it wakes for what is due, and else once a round where it may sleep so long', async (t) => {
  const clock = new ManualClock();
  let wakes = 0;
  const counted: Clock = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    after: (ms, run) =>
      clock.after(ms, () => {
        wakes++;
        run();
      }),
  };
  const wheel = new TimingWheel(counted, roundMs);
  const items = [600, 4_000, 16_000].map((ms) => {
    const item = new Item(clock);
    wheel.set(item, wheel.refresh() + ms);
    return item;
  });
  await pass(clock, 20_000);
  t.deepEqual(
    items.map(({ firedAt: [at = 0] }, i) => at - ([600, 4_000, 16_000][i] ?? 0) <= 20),
    [true, true, true],
  );
  t.true(wakes <= 3 + 20_000 / roundMs, `${wakes} times`);
});
