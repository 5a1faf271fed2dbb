/** Owns how a gateway follows one drill: in force while its driver's beats come, and never longer; pure, one step at a time. */

/** Without a beat for this long the driver, or the way to it, is lost: the drill is over here. Milliseconds. */
export const lostAfterMs = 5_000;

export type Following =
  /** Known; not in force before a beat comes that was not there when this gateway began to look. */
  | { readonly kind: 'waiting' }
  | {
      readonly kind: 'following';
      readonly sequence: number;
      /** How far it is in force, 0 to 1. */
      readonly inForce: number;
      /** Monotonic milliseconds of the last beat. */
      readonly beatAt: number;
      /** Monotonic milliseconds after which it is over whatever beats say. */
      readonly deadline: number;
    }
  /** The drill is over for good: no beat brings it back here. */
  | { readonly kind: 'over'; readonly why: OverReason };

export type OverReason =
  /** By its record. */
  | 'ended'
  /** The beats stopped: the driver died, or the registry is out of reach. */
  | 'lost'
  /** The drill lasted longer than its time limit. */
  | 'deadline';

export type FollowEvent =
  | {
      readonly kind: 'beat';
      readonly sequence: number;
      readonly inForce: number;
      /** Whether it was seen to be written, and not found: one that was found may be its driver's last. */
      readonly fresh: boolean;
      /** The time limit of the drill's guardrails, in milliseconds. */
      readonly timeLimitMs: number;
    }
  /** The beats are no longer there: the driver ended, or its lease did. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'ended' }
  | { readonly kind: 'time' };

export const waiting: Following = { kind: 'waiting' };

/** The state after `event` at monotonic time `now`. */
export function followed(state: Following, event: FollowEvent, now: number): Following {
  if (state.kind === 'over') return state;
  if (event.kind === 'ended') return { kind: 'over', why: 'ended' };
  if (event.kind === 'gone') {
    return state.kind === 'following' ? { kind: 'over', why: 'lost' } : state;
  }
  const late = overdue(state, now);
  if (late) return { kind: 'over', why: late };
  if (event.kind !== 'beat' || !event.fresh) return state;
  const { sequence, inForce, timeLimitMs } = event;
  if (state.kind === 'waiting') {
    return {
      kind: 'following',
      sequence,
      inForce,
      beatAt: now,
      deadline: deadlineOf(inForce, timeLimitMs, now),
    };
  }
  if (sequence <= state.sequence) return state;
  const deadline =
    state.deadline === Infinity ? deadlineOf(inForce, timeLimitMs, now) : state.deadline;
  return { kind: 'following', sequence, inForce, beatAt: now, deadline };
}

/** When to look again if nothing happens before; undefined when nothing can change by itself. */
export function nextCheck(state: Following): number | undefined {
  return state.kind === 'following'
    ? Math.min(state.beatAt + lostAfterMs, deadlineNow(state))
    : undefined;
}

/** How far the drill is in force here. */
export function strengthOf(state: Following): number {
  return state.kind === 'following' ? state.inForce : 0;
}

function overdue(state: Following, now: number): OverReason | undefined {
  if (state.kind !== 'following') return undefined;
  if (now >= deadlineNow(state)) return 'deadline';
  return now >= state.beatAt + lostAfterMs ? 'lost' : undefined;
}

/** A drill that is in force no more, and only measured, has nothing left to end. */
function deadlineNow({ inForce, deadline }: Following & { kind: 'following' }): number {
  return inForce > 0 ? deadline : Infinity;
}

/** The time limit runs from the first effect: while nothing is in force there is nothing to end. */
function deadlineOf(inForce: number, timeLimitMs: number, now: number): number {
  return inForce > 0 ? now + timeLimitMs : Infinity;
}
