/** Owns the life of a drill as its driver leads it: states and events in, the next state and what to note out; pure. */

import { msOf } from '../../core/duration.ts';
import type { Abort, Breach, DrillState, TimelineEntry } from './model.ts';
import { rampDown, rampUp } from './ramp.ts';
import type { DrillSpec } from './spec.ts';

/** What is normal is measured for this long before anything is in force. Milliseconds. */
export const baselineMs = 3_000;
/** How long a gateway may take to say that it follows. */
export const readyWithinMs = 10_000;
/** What comes after the effect is measured for this long once it is gone, and longer while the load it moved is not back. */
export const aftermathMs = 3_000;
/** Load that is not back after so long is not waited for: the report says that it was not seen to return. */
export const returnWithinMs = 60_000;

/** Times are monotonic milliseconds of the driver's clock. */
export type Life =
  | {
      readonly kind: 'pending';
      readonly since: number;
      /** Since when every gateway follows, and what is normal is measured. */
      readonly measuring?: number;
    }
  | { readonly kind: 'running'; readonly since: number }
  | {
      readonly kind: 'reverting';
      readonly since: number;
      /** How far it was in force when it began to revert. */
      readonly from: number;
      /** Whether the effect is gone, and only its aftermath is measured; since when. */
      readonly goneAt?: number;
      readonly abortedBy?: Abort;
    }
  | { readonly kind: 'over'; readonly state: 'done' }
  | { readonly kind: 'over'; readonly state: 'aborted'; readonly abortedBy: Abort }
  | { readonly kind: 'over'; readonly state: 'refused'; readonly why: string };

export type LifeEvent =
  /** Time passed: what the gateways and the guardrails say now. */
  | {
      readonly kind: 'time';
      /** Live gateways that have not said that they follow. */
      readonly missing: readonly string[];
      readonly breaches: readonly Breach[];
      /** Whether its beats come back from the registry: what nobody hears nobody could end. */
      readonly isHeard: boolean;
      /** Another drill that was there first and can't run beside this one. */
      readonly conflict?: string | undefined;
      /** Whether load that was moved is back where it was; true where none was, or none can be seen. */
      readonly isBack: boolean;
    }
  /** The purpose of the drill is fulfilled before its time is over. */
  | { readonly kind: 'finished' }
  | { readonly kind: 'abort'; readonly by: Abort };

/** An entry of the timeline to write down; the driver adds the wall time. */
export type Note = Omit<TimelineEntry, 'at'>;

interface Step {
  readonly life: Life;
  readonly notes: readonly Note[];
}

interface LifeRules {
  readonly spec: DrillSpec;
  /** The drill goes ahead though gateways don't follow. */
  readonly forced: boolean;
}

export function born(now: number): Life {
  return { kind: 'pending', since: now };
}

/** How far the drill is in force at `now`: what every gateway is told. */
export function strength(life: Life, spec: DrillSpec, now: number): number {
  const ramp = msOf(spec.ramp);
  switch (life.kind) {
    case 'running':
      return rampUp(now - life.since, ramp);
    case 'reverting':
      // Whatever went wrong has gone on for long enough: an abort takes no time.
      return life.abortedBy ? 0 : rampDown(now - life.since, ramp, life.from);
    default:
      return 0;
  }
}

/** The state as others are shown it. */
export function stateOf(life: Life): DrillState {
  return life.kind === 'over' ? life.state : life.kind;
}

export function advance(life: Life, event: LifeEvent, rules: LifeRules, now: number): Step {
  if (life.kind === 'over') return { life, notes: [] };
  if (event.kind === 'abort') return aborted(life, event.by, rules, now);
  if (event.kind === 'finished') return finished(life, rules, now);
  switch (life.kind) {
    case 'pending':
      return whilePending(life, event, rules, now);
    case 'running':
      return whileRunning(life, event, rules, now);
    case 'reverting':
      return whileReverting(life, event, rules, now);
  }
}

type TimeEvent = LifeEvent & { kind: 'time' };

function whilePending(
  life: Life & { kind: 'pending' },
  { missing, isHeard, breaches, conflict }: TimeEvent,
  { forced }: LifeRules,
  now: number,
): Step {
  if (conflict !== undefined) return refused(conflict);
  if ((missing.length > 0 || !isHeard) && now - life.since < readyWithinMs) {
    return { life, notes: [] };
  }
  if (!isHeard) {
    return refused('Its beats do not come back from the registry, so that nobody could end it');
  }
  if (missing.length > 0 && !forced) {
    return refused(
      `These gateways don't follow, so that nothing would revert it there: ${missing.join(', ')}`,
    );
  }
  if (life.measuring === undefined) {
    const what =
      missing.length === 0
        ? 'Every gateway follows; what is normal is measured'
        : `Forced, though these gateways don't follow: ${missing.join(', ')}`;
    return { life: { ...life, measuring: now }, notes: [{ kind: 'ready', what }] };
  }
  if (now - life.measuring < baselineMs) return { life, notes: [] };
  const broken = breaches[0];
  if (broken) return refused(`Before it began: ${broken.what}`);
  return {
    life: { kind: 'running', since: now },
    notes: [{ kind: 'started', what: 'It begins to be in force' }],
  };
}

function whileRunning(
  life: Life & { kind: 'running' },
  { breaches }: TimeEvent,
  rules: LifeRules,
  now: number,
): Step {
  const broken = breaches[0];
  if (broken) {
    const notes: Note[] = breaches.map((breach) => ({
      kind: 'guardrail',
      what: breach.what,
      value: breach.value,
    }));
    const step = aborted(life, { kind: 'guardrail', what: broken.what }, rules, now);
    return { ...step, notes: [...notes, ...step.notes] };
  }
  const { spec } = rules;
  if (now - life.since < msOf(spec.ramp) + msOf(spec.duration)) return { life, notes: [] };
  return {
    life: { kind: 'reverting', since: now, from: 1 },
    notes: [{ kind: 'reverting', what: 'Its time is over; the effect goes' }],
  };
}

function whileReverting(
  life: Life & { kind: 'reverting' },
  { isBack }: TimeEvent,
  { spec }: LifeRules,
  now: number,
): Step {
  if (life.goneAt === undefined) {
    if (strength(life, spec, now) > 0) return { life, notes: [] };
    return {
      life: { ...life, goneAt: now },
      notes: [
        { kind: 'reverted', what: 'The effect is gone', value: Math.round(now - life.since) },
      ],
    };
  }
  const gone = now - life.goneAt;
  if (gone < aftermathMs || (!isBack && gone < returnWithinMs)) return { life, notes: [] };
  const over: Life = life.abortedBy
    ? { kind: 'over', state: 'aborted', abortedBy: life.abortedBy }
    : { kind: 'over', state: 'done' };
  return { life: over, notes: [{ kind: 'ended', what: `It is over: ${over.state}` }] };
}

function finished(life: Life, { spec }: LifeRules, now: number): Step {
  if (life.kind !== 'running') return { life, notes: [] };
  return {
    life: { kind: 'reverting', since: now, from: strength(life, spec, now) },
    notes: [{ kind: 'reverting', what: 'What it was for is done' }],
  };
}

/** A drill that was never in force has nothing to revert. One that reverts already does so at once. */
function aborted(
  life: Exclude<Life, { kind: 'over' }>,
  by: Abort,
  { spec }: LifeRules,
  now: number,
): Step {
  const note: Note = { kind: 'abort', what: by.what };
  if (life.kind === 'pending') {
    return {
      life: { kind: 'over', state: 'aborted', abortedBy: by },
      notes: [note, { kind: 'ended', what: 'It is over: aborted before it began' }],
    };
  }
  if (life.kind === 'reverting' && life.abortedBy) return { life, notes: [] };
  const from = strength(life, spec, now);
  return { life: { kind: 'reverting', since: now, from, abortedBy: by }, notes: [note] };
}

function refused(why: string): Step {
  return {
    life: { kind: 'over', state: 'refused', why },
    notes: [{ kind: 'ended', what: `Refused: ${why}` }],
  };
}
