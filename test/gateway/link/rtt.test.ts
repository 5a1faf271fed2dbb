/** Specifies the arithmetic of a link's liveness, and the heartbeat that uses it, on a clock moved by hand. */
import test from 'ava';
import { Heartbeat } from '../../../gateway/link/heartbeat.ts';
import { movedNotably, pingTimeout, smoothed } from '../../../gateway/link/rtt.ts';
import { ManualClock } from '../../support/manual-clock.ts';

test('the estimate follows a nearer way at once and a farther one slowly', (t) => {
  t.is(smoothed(undefined, 80), 80);
  t.is(smoothed(80, 160), 90);
  t.is(smoothed(80, 40), 60);
});

test('an answer may take four round trips, and at least 700 ms', (t) => {
  t.is(pingTimeout(undefined), 2000);
  t.is(pingTimeout(0.2), 700);
  t.is(pingTimeout(200), 800);
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

/** A heartbeat whose PINGs the test answers. */
function beat(clock: ManualClock) {
  const pending: (() => void)[] = [];
  const dead: number[] = [];
  const line = { received: 0 };
  const heartbeat = new Heartbeat({
    clock,
    intervalMs: 200,
    ping: (answered) => void pending.push(answered),
    received: () => line.received,
    onRtt: () => undefined,
    onDead: (silentMs) => void dead.push(silentMs),
  });
  return { heartbeat, pending, dead, line };
}

test('silence of 700 ms after a PING is death, once the line is known to be short', (t) => {
  const clock = new ManualClock();
  const { heartbeat, pending, dead } = beat(clock);
  clock.advance(2);
  pending.shift()?.();
  t.is(heartbeat.rttMs, 2);
  clock.advance(200);
  t.is(pending.length, 1);
  clock.advance(699);
  t.deepEqual(dead, []);
  clock.advance(1);
  t.deepEqual(dead, [700]);
});

test('other bytes than the answer put death off, but not for ever', (t) => {
  const clock = new ManualClock();
  const { pending, dead, line } = beat(clock);
  clock.advance(2);
  pending.shift()?.();
  clock.advance(200);
  for (let i = 0; i < 3; i++) {
    line.received += 100;
    clock.advance(700);
    t.deepEqual(dead, [], `${i}`);
  }
  line.received += 100;
  clock.advance(700);
  t.deepEqual(dead, [2800]);
});

test('a stopped heartbeat neither beats nor dies', (t) => {
  const clock = new ManualClock();
  const { heartbeat, pending, dead } = beat(clock);
  heartbeat.stop();
  clock.advance(60_000);
  pending.shift()?.();
  t.is(clock.pending, 0);
  t.deepEqual(dead, []);
});
