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
  return { kind: 'time', missing: [], breaches: [], ...given };
}

function after(life: Life, event: LifeEvent, now: number, forced = false) {
  const step = advance(life, event, { spec, forced }, now);
  return { ...step, kinds: step.notes.map(({ kind }) => kind) };
}

test('what is normal is measured first; then it begins, if every gateway follows', (t) => {
  t.is(after(born(0), time(), baselineMs - 1).life.kind, 'pending');
  const { life, kinds } = after(born(0), time(), baselineMs);
  t.deepEqual(life, { kind: 'running', since: baselineMs });
  t.deepEqual(kinds, ['ready', 'started']);
});

test('a gateway that does not follow in time: nothing begins, unless forced', (t) => {
  const missing = ['dc3/gw1'];
  t.is(after(born(0), time({ missing }), readyWithinMs - 1).life.kind, 'pending');
  const refused = after(born(0), time({ missing }), readyWithinMs);
  t.like(refused.life, { kind: 'over', state: 'refused' });
  t.regex(refused.notes[0]?.what ?? '', /dc3\/gw1/);
  t.is(after(born(0), time({ missing }), readyWithinMs, true).life.kind, 'running');
});

test('a guardrail that is broken before it begins: nothing begins, unless forced', (t) => {
  t.like(after(born(0), time({ breaches: [breach] }), baselineMs).life, { state: 'refused' });
  t.is(after(born(0), time({ breaches: [breach] }), baselineMs, true).life.kind, 'running');
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
