/** Owns putting drills and standing orders in force at this gateway: it follows the board, and lets go by itself. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../../core/clock.ts';
import { msOf } from '../../../core/duration.ts';
import type { ClusterName } from '../../../core/names.ts';
import type { DrillBoard } from '../../../federation/drills/board.ts';
import {
  type FollowEvent,
  type Following,
  followed,
  lostAfterMs,
  nextCheck,
  type OverReason,
  strengthOf,
  waiting,
} from '../../../federation/drills/following.ts';
import { type Drill, isOver } from '../../../federation/drills/model.ts';
import type { DrillKey } from '../../../registry/drill-keys.ts';
import {
  drainEffects,
  type Effects,
  effectsOf,
  failoverEffects,
  noEffects,
  together,
} from './effects.ts';

/** The drills and standing orders that a gateway follows. */
export type Followed = Pick<DrillBoard, 'drills' | 'beats' | 'aborts' | 'drained' | 'failedOver'>;

interface FollowerOptions {
  readonly self: ClusterName;
  readonly clock: Clock;
  /** Puts effects in force here in place of those before. */
  apply(effects: Effects): void;
  /** A drill's strength here changed, or it is over here. */
  noted(drill: Drill, following: Following): void;
}

/** How often a drain that is on its way is looked at. */
const rampStepMs = 250;
/** A drill this much older than it could be by its limits is a copy of an old record: nobody starts it again. */
const ageSlackMs = 120_000;

export class Follower {
  readonly #options: FollowerOptions;
  readonly #following = new Map<string, Following>();
  /** When beats were last seen to be written, in monotonic milliseconds; of drills that are over here, too. */
  readonly #heardAt = new Map<string, number>();
  #board: Followed | undefined;
  #effects: Effects = noEffects;
  #cancelCheck = (): void => {};

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  /** Follows what `board` says; without one everything is let go. */
  follow(board: Followed | undefined): void {
    this.#board = board;
    if (board === undefined) {
      this.#following.clear();
      this.#heardAt.clear();
    }
    this.#settle();
  }

  /** A record of the board changed. */
  changed(key: DrillKey, fresh: boolean): void {
    switch (key.kind) {
      case 'beats':
        if (fresh) this.#heard(key);
        this.#look(this.#drill(key.cluster, key.id), fresh);
        break;
      case 'runs':
        this.#look(this.#drill(key.cluster, key.id), fresh);
        break;
      case 'aborts':
        for (const drill of this.#board?.drills ?? [])
          if (drill.id === key.id) this.#look(drill, fresh);
        break;
      case 'drains':
      case 'failovers':
        this.#settle();
        break;
      case 'measures':
      case 'reports':
      case 'schedules':
        break;
    }
  }

  /** Drills known here that are not over, with how far each is in force. */
  get strengths(): { readonly drill: string; readonly inForce: number }[] {
    return (this.#board?.drills ?? [])
      .filter((drill) => !isOver(drill.state) && this.#of(drill).kind !== 'over')
      .map((drill) => ({ drill: drill.id, inForce: strengthOf(this.#of(drill)) }));
  }

  /** How far a drill is in force here, 0 to 1. */
  strength(drill: Drill): number {
    return strengthOf(this.#of(drill));
  }

  /** Why a drill is over here, as of now; undefined while it is not. */
  overHere(drill: Drill): OverReason | undefined {
    const now = this.#options.clock.monotonic();
    const state = followed(this.#of(drill), { kind: 'time' }, now);
    return state.kind === 'over' ? state.why : undefined;
  }

  /** Whether its driver was heard lately, be the drill over here or not. */
  hears(drill: Drill): boolean {
    const at = this.#heardAt.get(keyOf(drill)) ?? -Infinity;
    return this.#options.clock.monotonic() < at + lostAfterMs;
  }

  close(): void {
    this.#cancelCheck();
    this.#board = undefined;
  }

  #drill(cluster: ClusterName, id: string): Drill | undefined {
    return this.#board?.drills.find((drill) => drill.cluster === cluster && drill.id === id);
  }

  #of(drill: Drill): Following {
    return this.#following.get(keyOf(drill)) ?? waiting;
  }

  /** A beat was written, or is gone. */
  #heard(key: Pick<Drill, 'cluster' | 'id'>): void {
    const isThere = this.#board?.beats.some((beat) => keyOf(beat) === keyOf(key));
    if (isThere) this.#heardAt.set(keyOf(key), this.#options.clock.monotonic());
  }

  #look(drill: Drill | undefined, fresh: boolean): void {
    if (drill) this.#step(drill, this.#eventOf(drill, fresh));
    this.#settle();
  }

  #eventOf(drill: Drill, fresh: boolean): FollowEvent {
    const aborted = this.#board?.aborts.some(({ id }) => id === drill.id);
    if (aborted || isOver(drill.state)) return { kind: 'ended' };
    const beat = this.#board?.beats.find(
      ({ cluster, id }) => cluster === drill.cluster && id === drill.id,
    );
    if (!beat) return { kind: 'gone' };
    const timeLimitMs = msOf(drill.spec.guardrails.timeLimit);
    if (this.#options.clock.now() > drill.createdAt + timeLimitMs + ageSlackMs) {
      return { kind: 'time' };
    }
    const { sequence, inForce } = beat;
    return { kind: 'beat', sequence, inForce, fresh, timeLimitMs };
  }

  #step(drill: Drill, event: FollowEvent): void {
    const before = this.#of(drill);
    const after = followed(before, event, this.#options.clock.monotonic());
    if (after === before) return;
    this.#following.set(keyOf(drill), after);
    if (after.kind === 'over' || strengthOf(after) !== strengthOf(before)) {
      this.#options.noted(drill, after);
    }
  }

  /** Puts in force what follows from everything known, and looks again when something changes by itself. */
  #settle(): void {
    const { clock, self, apply } = this.#options;
    const board = this.#board;
    const drills = board?.drills ?? [];
    const now = clock.now();
    const effects = together([
      ...drills.map((drill) => effectsOf(drill.id, drill.spec, strengthOf(this.#of(drill)), self)),
      ...(board?.drained ?? []).map((drain) => drainEffects(drain, now)),
      ...(board?.failedOver ?? []).map(failoverEffects),
    ]);
    if (!isDeepStrictEqual(effects, this.#effects)) {
      this.#effects = effects;
      apply(effects);
    }
    this.#checkLater(drills);
  }

  #checkLater(drills: readonly Drill[]): void {
    const { clock } = this.#options;
    this.#cancelCheck();
    const checks = drills.flatMap((drill) => nextCheck(this.#of(drill)) ?? []);
    const now = clock.now();
    const ramping = this.#board?.drained.some(({ at, rampMs }) => now < at + rampMs);
    const next = Math.min(...checks, ramping ? clock.monotonic() + rampStepMs : Infinity);
    if (next === Infinity) return;
    const wait = Math.max(0, next - clock.monotonic());
    this.#cancelCheck = clock.after(wait, () => {
      for (const drill of this.#board?.drills ?? []) this.#step(drill, { kind: 'time' });
      this.#settle();
    });
  }
}

function keyOf({ cluster, id }: Pick<Drill, 'cluster' | 'id'>): string {
  return `${cluster}/${id}`;
}
