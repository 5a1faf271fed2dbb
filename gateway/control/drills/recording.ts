/** Owns what one gateway measures of a drill while it goes on: when each of its turns was, its moments in between, and how traffic moved. */
import type { DrillBoard } from '../../../federation/drills/board.ts';
import type { Note } from '../../../federation/drills/lifecycle.ts';
import { type Mark, markAt, windowBetween } from '../../../federation/drills/measures.ts';
import type { Prediction } from '../../../federation/drills/model.ts';
import { type Measured, momentAt } from '../../../federation/drills/moments.ts';
import { type Findings, type Turn, type Turns, tookMs } from '../../../federation/drills/report.ts';
import { type Moved, type Moving, movedIn, movingOf } from '../../../federation/drills/timing.ts';

const momentEveryMs = 500;
/** Hours of them; a report shows fewer. */
const mostMoments = 20_000;

/** Times are monotonic milliseconds. */
export class Recording {
  readonly #board: Pick<DrillBoard, 'histories'>;
  readonly #prediction: Prediction;
  /** Their `atMs` is the monotonic time: when the drill begins is not known at the first of them. */
  readonly #moments: Measured[] = [];
  readonly #turns: Turns & Required<Pick<Turns, 'baseline'>>;
  #lastAt: number;
  #lastMark: Mark;
  #told: Moved = {};

  constructor(board: Pick<DrillBoard, 'histories'>, prediction: Prediction, now: number) {
    this.#board = board;
    this.#prediction = prediction;
    this.#lastAt = now;
    this.#lastMark = this.#mark(now);
    this.#turns = { baseline: { at: now, mark: this.#lastMark } };
  }

  /** A turn came, and counts stand as they do; of one that comes again the first holds, but for the last look at what is normal. */
  turn(turn: Turn, now: number, at = now): void {
    if (turn !== 'baseline' && this.#turns[turn]) return;
    this.#turns[turn] = { at, mark: this.#mark(now) };
  }

  /** When a turn was. */
  at(turn: Turn): number | undefined {
    return this.#turns[turn]?.at;
  }

  /** Takes a moment, if one is due. */
  measure(now: number, inForce: number): void {
    if (now - this.#lastAt < momentEveryMs) return;
    const moment = { atMs: now, inForce };
    const { concern } = this.#prediction;
    const taken = momentAt(this.#board.histories, now, this.#lastMark, concern, moment);
    this.#lastAt = now;
    this.#lastMark = this.#mark(now);
    if (this.#moments.length < mostMoments) this.#moments.push(taken);
  }

  /** How traffic moved since the look before. */
  moved(): Note[] {
    const before = this.#told;
    this.#told = this.#moved;
    return movedNotes(before, this.#told, this.#moving?.cluster);
  }

  /** Whether what had moved is back; true as well where nothing had, or nobody asks any more, so that it can't be seen. */
  get isBack(): boolean {
    const { detectMs, returnMs } = this.#moved;
    if (detectMs === undefined || returnMs !== undefined) return true;
    return this.#moments.at(-1)?.requestsPerSecond === 0;
  }

  /** The measurements that a report is made from; undefined when the drill never began. */
  findings(now: number): Pick<Findings, 'turns' | 'end' | 'moments'> | undefined {
    const { started, ...turns } = this.#turns;
    if (!started) return undefined;
    return { turns: { ...turns, started }, end: this.#mark(now), moments: this.#sinceStart };
  }

  /** The moments by their time since the drill began; none before it did. */
  get #sinceStart(): Measured[] {
    const { started } = this.#turns;
    if (started === undefined) return [];
    return this.#moments.map((one) => ({ ...one, atMs: Math.round(one.atMs - started.at) }));
  }

  get #moving(): Moving | undefined {
    const { baseline, started } = this.#turns;
    if (started === undefined) return undefined;
    const before = windowBetween(baseline.mark, started.mark, this.#prediction.concern);
    return movingOf(this.#prediction, before);
  }

  get #moved(): Moved {
    return movedIn(this.#sinceStart, this.#moving, tookMs(this.#turns, 'started', 'reverting'));
  }

  #mark(at: number): Mark {
    return markAt(this.#board.histories, at);
  }
}

const words = {
  detectMs: { kind: 'detected', what: 'Traffic begins to leave it' },
  shiftMs: { kind: 'shifted', what: 'Traffic has left it as predicted' },
  returnMs: { kind: 'returned', what: 'Traffic is back' },
} as const satisfies Record<keyof Moved, Pick<Note, 'kind' | 'what'>>;

/** Notes that turned out otherwise are told again, so that a timeline's last word is the report's. `cluster`: the one that load is to leave. */
export function movedNotes(
  before: Moved,
  now: Moved,
  cluster: Moving['cluster'] | undefined,
): Note[] {
  const about = cluster === undefined ? {} : { cluster };
  return (Object.keys(words) as (keyof Moved)[]).flatMap((name): Note[] => {
    const value = now[name];
    if (value === before[name]) return [];
    if (value !== undefined) return [{ ...words[name], ...about, value }];
    return [{ kind: 'note', ...about, what: 'Traffic came back to it before it should' }];
  });
}
