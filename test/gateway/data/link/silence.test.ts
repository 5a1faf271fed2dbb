/** Specifies what silence on a link means, and the heartbeat that goes by it, on a clock moved by hand. */
import test from 'ava';
import { Heartbeat } from '../../../../gateway/data/link/heartbeat.ts';
import {
  nextLookMs,
  type Suspicion,
  silenceLimits,
  suspicionOf,
  type Unanswered,
} from '../../../../gateway/data/link/silence.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

test('suspect after four round trips and at least 400 ms, later on a line with slow answers; offered to others after twice that, dead after four times', (t) => {
  for (const [rttMs, slowestMs, suspectMs, offerMs, deadMs] of [
    [undefined, 0, 2_000, 2_000, 2_000],
    [0.2, 0.4, 400, 800, 3_000],
    [1, 190, 400, 800, 3_000],
    [1, 300, 600, 1_200, 3_000],
    [100, 100, 400, 800, 3_000],
    [150, 160, 600, 1_200, 3_000],
    [200, 600, 1_000, 2_400, 3_200],
    [200, 900, 1_000, 3_200, 3_200],
    [300, 300, 1_200, 2_400, 4_800],
  ] as const) {
    const limits = { suspectMs, offerMs, deadMs };
    t.deepEqual(silenceLimits(rttMs, slowestMs), limits, `${rttMs} ${slowestMs}`);
  }
});

test('one lost segment, sent again after 200 ms and a round trip, is never suspicious', (t) => {
  for (let rttMs = 0; rttMs < 1_000; rttMs += 10) {
    t.true(200 + 2 * rttMs <= silenceLimits(rttMs).suspectMs, `${rttMs}`);
  }
});

const table: readonly [string, Unanswered, Suspicion][] = [
  ['silent for long enough', { sinceMs: 400, isHeard: false, lateMs: 1 }, 'suspect'],
  ['other octets came', { sinceMs: 400, isHeard: true, lateMs: 1 }, 'unclear'],
  ['we stalled ourselves', { sinceMs: 1_400, isHeard: false, lateMs: 1_000 }, 'unclear'],
  ['silent for too long', { sinceMs: 3_000, isHeard: false, lateMs: 1 }, 'dead'],
  ['octets come, and no answer ever', { sinceMs: 3_000, isHeard: true, lateMs: 1 }, 'dead'],
  ['we stalled for longer than that', { sinceMs: 5_000, isHeard: false, lateMs: 4_600 }, 'unclear'],
  ['we stall all the time', { sinceMs: 6_000, isHeard: false, lateMs: 200 }, 'dead'],
];
for (const [situation, unanswered, suspicion] of table) {
  test(`a PING is not answered: ${situation}`, (t) => {
    t.is(suspicionOf(unanswered, silenceLimits(1)), suspicion);
  });
}

test('there is a look when others are to be offered, and the last one when death is due', (t) => {
  const limits = silenceLimits(1);
  t.is(nextLookMs(1_000, silenceLimits(1, 300)), 200);
  t.is(nextLookMs(0, limits), 400);
  t.is(nextLookMs(2_800, limits), 200);
  t.is(nextLookMs(3_600, limits), 400);
});

/** A heartbeat whose PINGs the test answers, on a line known to be short. */
function beat() {
  const clock = new ManualClock();
  const pending: (() => void)[] = [];
  const suspicions: boolean[] = [];
  const forsaken: number[] = [];
  const dead: number[] = [];
  const line = { received: 0 };
  const heartbeat: Heartbeat = new Heartbeat({
    clock,
    intervalMs: 200,
    ping: (answered) => void pending.push(answered),
    received: () => line.received,
    onRtt: () => undefined,
    onSuspicion: () => void suspicions.push(heartbeat.isSuspect),
    onForsaken: () => void forsaken.push(clock.monotonic()),
    onDead: (silentMs) => void dead.push(silentMs),
  });
  clock.advance(2);
  pending.shift()?.();
  const hear = () => {
    line.received += 100;
    heartbeat.heard();
  };
  return { clock, heartbeat, pending, suspicions, forsaken, dead, hear };
}

test('a line falls silent: suspect after 400 ms, dead after 3 s', (t) => {
  const { clock, heartbeat, suspicions, dead } = beat();
  t.is(heartbeat.rttMs, 2);
  clock.advance(599);
  t.deepEqual(suspicions, []);
  clock.advance(1);
  t.deepEqual(suspicions, [true]);
  clock.advance(2_599);
  t.deepEqual(dead, []);
  clock.advance(1);
  t.deepEqual(dead, [3_000]);
  t.deepEqual(suspicions, [true]);
});

test('the answer comes after all: whole at once, and the round trip is hardly longer for it', (t) => {
  const { clock, heartbeat, pending, suspicions, dead } = beat();
  clock.advance(200 + 2_500);
  for (const answered of pending.splice(0)) answered();
  t.deepEqual(suspicions, [true, false]);
  t.true((heartbeat.rttMs ?? 0) < 60, `${heartbeat.rttMs}`);
  for (let n = 0; n < 20; n++) {
    clock.advance(200);
    pending.shift()?.();
  }
  t.deepEqual(suspicions, [true, false]);
  t.deepEqual(dead, []);
});

test('what was sent is offered to others after two suspicions, and at each look from then on', (t) => {
  const { clock, suspicions, forsaken } = beat();
  clock.advance(200 + 799);
  t.deepEqual([suspicions, forsaken], [[true], []]);
  clock.advance(1 + 400);
  t.deepEqual(forsaken, [1_002, 1_402]);
});

test('on a line that answered slowly it is offered later: four times as late as the slowest answer', (t) => {
  const { clock, pending, suspicions, forsaken } = beat();
  clock.advance(200 + 300);
  pending.shift()?.();
  clock.advance(200 + 1_199);
  t.deepEqual([suspicions, forsaken], [[true], []]);
  clock.advance(1);
  t.deepEqual(forsaken, [502 + 200 + 1_200]);
});

test('any octet makes it whole at once; without an answer it is dead all the same', (t) => {
  const { clock, suspicions, dead, hear } = beat();
  clock.advance(600);
  hear();
  t.deepEqual(suspicions, [true, false]);
  for (let n = 0; n < 30; n++) {
    hear();
    clock.advance(100);
  }
  t.deepEqual(suspicions, [true, false]);
  t.deepEqual(dead, [3_000]);
});

test('a PING that never left is made up for by the next', (t) => {
  const { clock, heartbeat, pending, dead } = beat();
  clock.advance(200);
  t.is(pending.length, 1);
  pending.length = 0;
  clock.advance(400);
  pending.shift()?.();
  t.false(heartbeat.isSuspect);
  clock.advance(100);
  t.deepEqual(dead, []);
});

test('another connection to the place is suspect: so is one that is silent too', (t) => {
  const { clock, heartbeat, suspicions, hear } = beat();
  clock.advance(200);
  heartbeat.doubt();
  t.deepEqual(suspicions, [], 'it was asked just now');
  clock.advance(150);
  heartbeat.doubt();
  t.deepEqual(suspicions, [true]);
  hear();
  heartbeat.doubt();
  t.deepEqual(suspicions, [true, false], 'it has been heard since');
});

test('a stopped heartbeat neither beats nor dies', (t) => {
  const { clock, heartbeat, pending, suspicions, dead } = beat();
  heartbeat.stop();
  clock.advance(60_000);
  pending.shift()?.();
  t.is(clock.pending, 0);
  t.deepEqual([suspicions, dead], [[], []]);
});
