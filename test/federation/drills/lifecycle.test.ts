/** Specifies the life of a drill as its driver leads it. */
import test from 'ava';
import {
  advance,
  aftermathMs,
  baselineMs,
  born,
  type Life,
  type LifeEvent,
  readyWithinMs,
  returnWithinMs,
  stateOf,
  strength,
} from '../../../federation/drills/lifecycle.ts';
import { evacuation as spec } from './specs.ts';

const rules = { spec, forced: false };
const rampMs = 10_000;
const durationMs = 60_000;
const breach = { guardrail: 'errorRate', what: 'too much', value: 1, limit: 0.01 } as const;
const byOperator = { kind: 'operator', what: 'enough' } as const;

function time(given: Partial<LifeEvent & { kind: 'time' }> = {}): LifeEvent {
  return { kind: 'time', missing: [], isHeard: true, breaches: [], isBack: true, ...given };
}

function after(life: Life, event: LifeEvent, now: number, forced = false) {
  const step = advance(life, event, { spec, forced }, now);
  return { ...step, kinds: step.notes.map(({ kind }) => kind) };
}

const measuring: Life = { kind: 'pending', since: 0, measuring: 0 };

test('once every gateway follows it is measured what is normal; then it begins', (t) => {
  const waiting = after(born(0), time({ missing: ['dc2/gw1'] }), 1_000);
  t.deepEqual(waiting.life, born(0));
  const ready = after(waiting.life, time(), 2_000);
  t.deepEqual(ready.life, { kind: 'pending', since: 0, measuring: 2_000 });
  t.deepEqual(ready.kinds, ['ready']);
  t.is(after(ready.life, time(), 2_000 + baselineMs - 1).life, ready.life);
  const { life, kinds } = after(ready.life, time(), 2_000 + baselineMs);
  t.deepEqual(life, { kind: 'running', since: 2_000 + baselineMs });
  t.deepEqual(kinds, ['started']);
});

test('a gateway that does not follow in time: nothing begins, unless forced', (t) => {
  const missing = ['dc3/gw1'];
  t.is(after(born(0), time({ missing }), readyWithinMs - 1).life.kind, 'pending');
  const refused = after(born(0), time({ missing }), readyWithinMs);
  t.like(refused.life, { kind: 'over', state: 'refused' });
  t.regex(refused.notes[0]?.what ?? '', /dc3\/gw1/);
  const forced = after(born(0), time({ missing }), readyWithinMs, true);
  t.like(forced.life, { kind: 'pending', measuring: readyWithinMs });
  t.regex(forced.notes[0]?.what ?? '', /^Forced, though .*dc3\/gw1/);
  t.is(after(forced.life, time({ missing }), 2 * readyWithinMs, true).life.kind, 'running');
});

test('beats that do not come back: nothing begins, forced or not, for nobody could end it', (t) => {
  for (const forced of [false, true]) {
    const unheard = time({ isHeard: false });
    t.is(after(born(0), unheard, readyWithinMs - 1, forced).life.kind, 'pending');
    t.is(after(measuring, unheard, baselineMs, forced).life, measuring);
    const { life, notes } = after(born(0), unheard, readyWithinMs, forced);
    t.like(life, { kind: 'over', state: 'refused' });
    t.regex(notes[0]?.what ?? '', /do not come back/);
  }
});

test('a guardrail that is broken before it begins: nothing begins, forced or not', (t) => {
  for (const forced of [false, true]) {
    const { life } = after(measuring, time({ breaches: [breach] }), baselineMs, forced);
    t.like(life, { state: 'refused' });
  }
});

test('another one that was there first: it is refused at once, also when forced', (t) => {
  t.like(after(born(0), time({ conflict: 'X goes on' }), 0, true).life, {
    state: 'refused',
    why: 'X goes on',
  });
});

test('it comes by the ramp, lasts, goes by the ramp, and what is left is measured', (t) => {
  const running: Life = { kind: 'running', since: 0 };
  t.is(strength(running, spec, rampMs / 2), 0.5);
  t.is(strength(running, spec, rampMs), 1);
  t.is(after(running, time(), rampMs + durationMs - 1).life, running);
  const { life: reverting, kinds } = after(running, time(), rampMs + durationMs);
  t.deepEqual(kinds, ['reverting']);
  const since = rampMs + durationMs;
  t.is(strength(reverting, spec, since + rampMs / 4), 0.75);
  t.is(after(reverting, time(), since + rampMs - 1).life, reverting);
  const gone = after(reverting, time(), since + rampMs);
  t.deepEqual(gone.kinds, ['reverted']);
  t.is(strength(gone.life, spec, since + rampMs), 0);
  t.is(after(gone.life, time(), since + rampMs + aftermathMs - 1).life, gone.life);
  const over = after(gone.life, time(), since + rampMs + aftermathMs);
  t.deepEqual(over.life, { kind: 'over', state: 'done' });
});

test('load that is not back is waited for, and measured, for a minute', (t) => {
  const gone: Life = { kind: 'reverting', since: 0, from: 1, goneAt: 0 };
  const away = time({ isBack: false });
  t.is(after(gone, away, returnWithinMs - 1).life, gone);
  t.deepEqual(after(gone, time(), aftermathMs).kinds, ['ended']);
  t.deepEqual(after(gone, away, returnWithinMs).kinds, ['ended']);
});

test('a guardrail that breaks ends it: the effect goes at once, and it counts as aborted', (t) => {
  const { life, kinds } = after(
    { kind: 'running', since: 0 },
    time({ breaches: [breach] }),
    20_000,
  );
  t.deepEqual(kinds, ['guardrail', 'abort']);
  t.like(life, { kind: 'reverting', abortedBy: { kind: 'guardrail', what: 'too much' } });
  t.is(strength(life, spec, 20_000), 0);
  const gone = after(life, time(), 20_000).life;
  t.like(after(gone, time(), 20_000 + aftermathMs).life, { kind: 'over', state: 'aborted' });
});

test('an abort: before it began there is nothing to revert; while it goes by the ramp it goes at once', (t) => {
  const abort: LifeEvent = { kind: 'abort', by: byOperator };
  t.deepEqual(after(born(0), abort, 10).life, {
    kind: 'over',
    state: 'aborted',
    abortedBy: byOperator,
  });
  const leaving: Life = { kind: 'reverting', since: 0, from: 1 };
  const { life } = after(leaving, abort, 1_000);
  t.is(strength(life, spec, 1_000), 0);
  t.deepEqual(after(life, abort, 1_500).kinds, []);
  const over: Life = { kind: 'over', state: 'done' };
  t.is(after(over, abort, 9).life, over);
});

test('what it was for is done: it reverts from as far as it was in force', (t) => {
  const { life } = after({ kind: 'running', since: 0 }, { kind: 'finished' }, rampMs / 2);
  t.like(life, { kind: 'reverting', from: 0.5 });
  t.is(after(born(0), { kind: 'finished' }, 5).life.kind, 'pending');
});

test('states as others are shown them', (t) => {
  t.is(stateOf(born(0)), 'pending');
  t.is(stateOf({ kind: 'over', state: 'refused', why: 'because' }), 'refused');
  t.deepEqual(advance({ kind: 'over', state: 'done' }, time(), rules, 1).notes, []);
});
