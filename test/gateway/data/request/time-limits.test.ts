/** Specifies which limit of a request is up when, as a table. */
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { staleMs, TimingWheel } from '../../../../core/timing-wheel.ts';
import { TimeLimits, type TimeUp } from '../../../../gateway/data/request/forward/time-limits.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

/** Limits at a time that stands still until it is moved, from 0 on. */
function limitsOf(idleMs: number) {
  const clock = new ManualClock();
  const from = clock.monotonic();
  const wheel = new TimingWheel(clock);
  const told: TimeUp[] = [];
  const limits = new TimeLimits({ onTimeUp: (up) => void told.push(up) }, wheel, idleMs);
  return {
    limits,
    told,
    at(ms: number): void {
      clock.advance(from + ms - clock.monotonic());
      wheel.refresh();
    },
    soonest: () => limits.soonest() - from,
    up: (ms: number) => limits.up(from + ms),
  };
}

test('nothing is up where nothing is limited', (t) => {
  const { limits, soonest, up } = limitsOf(0);
  limits.awaitHead(0);
  limits.awaitTry(0);
  t.is(soonest(), Infinity);
  t.is(up(1e12), undefined);
});

test('the head is waited for from the first time on that it is, a try from its own beginning', (t) => {
  const { limits, at, soonest, up } = limitsOf(0);
  limits.awaitHead(100);
  at(50);
  limits.awaitHead(100);
  at(60);
  limits.awaitTry(30);
  t.is(soonest(), 90);
  t.is(up(89), undefined);
  t.is(up(90), 'try');
  t.is(up(100), 'head');
});

test('once there is a head only idleness and the end of all count', (t) => {
  const { limits, at, soonest, up } = limitsOf(1000);
  limits.awaitHead(100);
  limits.awaitTry(30);
  limits.awaitBody(50);
  limits.awaitAll(5000);
  at(20);
  limits.answered();
  t.is(soonest(), 20 + 1000 + staleMs);
  at(4000);
  limits.moved();
  t.is(soonest(), 5000);
  t.is(up(4999), undefined);
  t.is(up(5000), 'all');
});

test('nobody who asks for the body is the last that is up, and only until there is a head', (t) => {
  const { limits, at, soonest, up } = limitsOf(0);
  limits.awaitTry(40);
  limits.awaitContinue(30);
  t.is(soonest(), 30);
  t.is(up(30), 'continue');
  t.is(up(40), 'try');
  at(35);
  limits.answered();
  t.is(soonest(), Infinity);
});

test('a body that stands still is told from one that nobody waits for, and from one that nobody has asked for', (t) => {
  const { limits, up } = limitsOf(0);
  limits.awaitContinue(300);
  t.is(up(300 + staleMs), 'continue');
  limits.awaitBody(300);
  t.is(up(300 + staleMs), 'body');
  limits.leaveContinue();
  t.is(up(300 + staleMs), 'body');
  limits.leaveBody();
  t.is(up(1e12), undefined);
});

test('the limit of a try that is over does not end the pause before the next one', (t) => {
  const { limits, at, soonest, up } = limitsOf(0);
  limits.awaitTry(100);
  at(90);
  limits.pause(50);
  t.is(up(139), undefined);
  t.is(soonest(), 140);
  t.is(up(140), 'try');
});

test('whose limits they are is told once what was scheduled is up, as it is then, and of nothing after the end', async (t) => {
  const { limits, told, at } = limitsOf(0);
  limits.awaitHead(100);
  limits.schedule();
  limits.answered();
  limits.awaitAll(300);
  await passes(at, 0, 200);
  t.deepEqual(told, []);
  await passes(at, 200, 400);
  t.deepEqual(told, ['all']);
  limits.awaitAll(100);
  limits.schedule();
  limits.end();
  limits.schedule();
  await passes(at, 400, 800);
  t.deepEqual(told, ['all']);
});

/** Lets time pass until then, in steps, as an event loop has it. */
async function passes(at: (ms: number) => void, from: number, to: number): Promise<void> {
  for (let ms = from; ms <= to; ms += 10) {
    at(ms);
    await turn();
  }
}
