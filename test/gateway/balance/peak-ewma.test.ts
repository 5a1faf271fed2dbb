/** Specifies how the latency of an endpoint is estimated, and whom that prefers. */
import test from 'ava';
import { createMeter } from '../../../gateway/balance/candidate.ts';
import {
  createPeakEwma,
  decayMs,
  estimateAt,
  observe,
  startOn,
} from '../../../gateway/balance/peak-ewma.ts';
import { candidates, none, seeded } from './scenes.ts';

test('a higher sample replaces the estimate at once', (t) => {
  const meter = createMeter();
  observe(meter, 10, 0);
  observe(meter, 500, 1);
  t.is(meter.estimate, 500);
});

test('a lower sample is averaged in by the time that has passed', (t) => {
  const meter = createMeter();
  observe(meter, 100, 0);
  observe(meter, 20, decayMs);
  t.true(Math.abs(meter.estimate - (100 / Math.E + 20 * (1 - 1 / Math.E))) < 1e-9);
});

test('an idle estimate fades, so that one slow answer does not banish for good', (t) => {
  const meter = createMeter();
  observe(meter, 100, 0);
  t.true(Math.abs(estimateAt(meter, decayMs) - 100 / Math.E) < 1e-9);
});

test('while an answer is due the estimate stands still: silence is no sign of speed', (t) => {
  const meter = createMeter();
  observe(meter, 100, 0);
  startOn(meter, decayMs);
  const atStart = estimateAt(meter, decayMs);
  t.is(estimateAt(meter, 100 * decayMs), atStart);
});

test('the quicker of two is preferred until its queue makes it the slower', (t) => {
  const among = candidates({ quick: 1, slow: 1 });
  const [quick, slow] = among;
  if (!quick || !slow) return t.fail();
  observe(quick.meter, 10, 0);
  observe(slow.meter, 35, 0);
  const algorithm = createPeakEwma(among, seeded(1));
  const picked = Array.from({ length: 4 }, () => {
    const index = algorithm.pick(0, none, undefined);
    const candidate = among[index];
    if (candidate) startOn(candidate.meter, 0);
    return candidate?.key;
  });
  t.deepEqual(picked, ['quick', 'quick', 'quick', 'slow']);
});

test('a newcomer among measured endpoints gets its fair share: no herd, no starving', (t) => {
  const among = candidates({ a: 1, b: 1, c: 1, fresh: 1 });
  for (const { key, meter } of among) if (key !== 'fresh') observe(meter, 20, 0);
  const algorithm = createPeakEwma(among, seeded(2));
  for (let i = 0; i < 400; i++) {
    const picked = among[algorithm.pick(0, none, undefined)];
    if (picked) startOn(picked.meter, 0);
  }
  const fresh = among[3]?.meter.pending ?? 0;
  t.true(fresh > 80 && fresh < 120, `${fresh} of 400`);
});

test('an endpoint that is ten times slower gets a small part of the traffic', (t) => {
  const among = candidates({ a: 1, b: 1, c: 1, slow: 1 });
  const algorithm = createPeakEwma(among, seeded(3));
  const counts = [0, 0, 0, 0];
  const busy: { index: number; until: number }[] = [];
  for (let now = 0; now < 20_000; now += 2) {
    for (let i = busy.length - 1; i >= 0; i--) {
      const one = busy[i];
      const meter = one && among[one.index]?.meter;
      if (!one || !meter || one.until > now) continue;
      meter.pending--;
      observe(meter, one.index === 3 ? 100 : 10, now);
      busy.splice(i, 1);
    }
    const index = algorithm.pick(now, none, undefined);
    counts[index] = (counts[index] ?? 0) + 1;
    const meter = among[index]?.meter;
    if (meter) startOn(meter, now);
    busy.push({ index, until: now + (index === 3 ? 100 : 10) });
  }
  t.true((counts[3] ?? 0) < 1000, `${counts}`);
  t.true((counts[3] ?? 0) > 0, `${counts}`);
});
