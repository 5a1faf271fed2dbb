/** Specifies how the latency of an endpoint is estimated, and whom that prefers. */
import test from 'ava';
import { createMeter } from '../../../../gateway/data/balance/candidate.ts';
import {
  charge,
  createPeakEwma,
  decayMs,
  leastAt,
  observe,
  slowness,
} from '../../../../gateway/data/balance/peak-ewma.ts';
import { candidates, loopOver, none, seeded } from './scenes.ts';

/** A meter of a target that has taken so long each time. */
function measured(...samplesMs: readonly number[]) {
  const meter = createMeter();
  for (const ms of samplesMs) observe(meter, ms, 0);
  return meter;
}

const steadily = (ms: number) => Array<number>(16).fill(ms);

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

test('the least it takes falls at once, and rises by several answers in a row', (t) => {
  const meter = measured(...steadily(10));
  t.is(meter.least, 10);
  observe(meter, 200, 1);
  t.is(meter.least, 12.5);
  for (let i = 0; i < 20; i++) observe(meter, 200, 2);
  t.is(meter.least, 200);
  observe(meter, 1, 3);
  t.is(meter.least, 1);
});

test('what an idle target takes at least fades, so that slow answers do not banish it for good', (t) => {
  const meter = measured(...steadily(100));
  t.true(Math.abs(leastAt(meter, decayMs) - 100 / Math.E) < 1e-9);
});

test('while an answer is due it stands still: silence is no sign of speed', (t) => {
  const meter = measured(...steadily(100));
  meter.pending = 1;
  t.is(leastAt(meter, 100 * decayMs), 100);
});

for (const [why, a, b, times] of [
  ['surely slower', measured(...steadily(30)), measured(...steadily(10)), 3],
  ['surely quicker', measured(...steadily(10)), measured(...steadily(40)), 0.25],
  ['the same within what each takes', measured(5, 20, 8, 6), measured(9, 4, 30, 7), 1],
  ['one slow answer among quick ones', measured(...steadily(2), 90), measured(...steadily(2)), 1],
  ['a little slower', measured(...steadily(14)), measured(...steadily(10)), 1],
  ['a first answer that was slow', measured(40), measured(...steadily(2)), 1],
  ['never measured', createMeter(), measured(...steadily(2)), 1],
] as const) {
  test(`${why}: ${times === 1 ? 'no difference is seen' : `${times} times as slow`}`, (t) => {
    t.true(Math.abs(slowness(a, b, 0) - times) < 1e-9, `${slowness(a, b, 0)}`);
  });
}

test('a target that failed counts as slow as it is charged for, and never as quicker than before', (t) => {
  const meter = measured(...steadily(2));
  charge(meter, 50, 0);
  t.like(meter, { estimate: 50, least: 50 });
  charge(meter, 10, 0);
  t.like(meter, { estimate: 50, least: 50 });
});

test('the quicker of two is preferred until its queue makes it the slower', (t) => {
  const among = candidates({ quick: 1, slow: 1 });
  const [quick, slow] = among;
  if (!quick || !slow) return t.fail();
  for (const ms of steadily(10)) observe(quick.meter, ms, 0);
  for (const ms of steadily(35)) observe(slow.meter, ms, 0);
  const algorithm = createPeakEwma(among, seeded(1));
  const picked = Array.from({ length: 4 }, () => {
    const index = algorithm.pick(0, none, undefined);
    const candidate = among[index];
    if (candidate) candidate.meter.pending++;
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
    if (picked) picked.meter.pending++;
  }
  const fresh = among[3]?.meter.pending ?? 0;
  t.true(fresh > 80 && fresh < 120, `${fresh} of 400`);
});

test('an endpoint that is ten times slower gets a small part of the traffic', (t) => {
  const among = candidates({ a: 1, b: 1, c: 1, slow: 1 });
  const algorithm = createPeakEwma(among, seeded(3));
  const counts = loopOver(algorithm, among, 5, 10_000, (index) => (index === 3 ? 100 : 10));
  t.true((counts[3] ?? 0) < 1000, `${counts}`);
  t.true((counts[3] ?? 0) > 0, `${counts}`);
});
