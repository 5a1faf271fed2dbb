/** Owns what is measured of a drill while it goes on: where counts stood at each of its turns, and its moments in between. */
import type { Note } from '../../federation/drills/lifecycle.ts';
import {
  type History,
  type Mark,
  markAt,
  shareOf,
  windowBetween,
} from '../../federation/drills/measures.ts';
import type { Prediction } from '../../federation/drills/model.ts';
import {
  type Findings,
  leaving,
  type Measured,
  momentOf,
  steadyMs,
} from '../../federation/drills/report.ts';
import { detectMs, shiftMs } from '../../federation/drills/timing.ts';

const momentEveryMs = 500;
/** Hours of them; a report shows fewer. */
const mostMoments = 20_000;

/** Times are monotonic milliseconds. */
export class Recording {
  readonly #histories: () => ReadonlyMap<string, History>;
  readonly #baseline: Mark;
  /** Their `atMs` is the monotonic time: when the drill begins is not known at the first of them. */
  readonly #moments: Measured[] = [];
  #last: { readonly at: number; readonly mark: Mark };
  #startedAt: number | undefined;
  #revertingAt: number | undefined;
  #marks: { started?: Mark; inForce?: Mark; reverting?: Mark; gone?: Mark } = {};
  #inForceMs: number | undefined;
  #revertMs: number | undefined;

  constructor(histories: () => ReadonlyMap<string, History>, now: number) {
    this.#histories = histories;
    this.#baseline = this.#mark(now);
    this.#last = { at: now, mark: this.#baseline };
  }

  get startedAt(): number | undefined {
    return this.#startedAt;
  }

  get isInForce(): boolean {
    return this.#inForceMs !== undefined;
  }

  started(now: number): void {
    this.#startedAt = now;
    this.#marks = { started: this.#mark(now) };
  }

  /** Every gateway has it in force in full; returns the milliseconds that took. */
  inForce(now: number): number {
    const tookMs = Math.round(now - (this.#startedAt ?? now));
    this.#inForceMs = tookMs;
    this.#marks.inForce = this.#mark(now);
    return tookMs;
  }

  reverting(now: number): void {
    this.#revertingAt ??= now;
    this.#marks.reverting ??= this.#mark(now);
  }

  gone(now: number): void {
    this.reverting(now);
    if (this.#marks.gone) return;
    this.#marks.gone = this.#mark(now);
    this.#revertMs = Math.round(now - (this.#revertingAt ?? now));
  }

  /** Takes a moment, if one is due. */
  measure(now: number, strength: number): void {
    if (now - this.#last.at < momentEveryMs) return;
    const mark = this.#mark(now);
    const window = windowBetween(this.#last.mark, mark);
    const steady = windowBetween(this.#mark(now - steadyMs), mark);
    this.#last = { at: now, mark };
    if (this.#moments.length >= mostMoments) return;
    this.#moments.push(momentOf(window, steady, { atMs: now, inForce: strength }));
  }

  /** What the moments so far tell of traffic that moves as predicted. */
  shiftNotes(prediction: Prediction): Note[] {
    const cluster = leaving(prediction);
    const predicted = prediction.clusters.find((one) => one.cluster === cluster);
    if (cluster === undefined || predicted === undefined) return [];
    const { started } = this.#marks;
    const before = started && shareOf(windowBetween(this.#baseline, started), cluster);
    const shift = { from: before ?? predicted.shareBefore, to: predicted.shareAfter };
    const points = this.moments
      .filter(({ atMs }) => atMs >= 0)
      .map(({ atMs, errorRate, shares }) => ({ atMs, errorRate, share: shares[cluster] }));
    const notes: Note[] = [];
    const detected = detectMs(points, shift);
    if (detected !== undefined) {
      notes.push({
        kind: 'detected',
        cluster,
        what: 'Traffic begins to leave it',
        value: detected,
      });
    }
    const shifted = shiftMs(points, shift);
    if (shifted !== undefined) {
      notes.push({
        kind: 'shifted',
        cluster,
        what: 'Traffic has left it as predicted',
        value: shifted,
      });
    }
    return notes;
  }

  /** The moments by their time since the drill began; none before it did. */
  get moments(): Measured[] {
    const started = this.#startedAt;
    if (started === undefined) return [];
    return this.#moments.map((moment) => ({ ...moment, atMs: Math.round(moment.atMs - started) }));
  }

  /** What a report is made from; undefined when the drill never began. */
  findings(
    now: number,
  ): Pick<Findings, 'marks' | 'moments' | 'inForceMs' | 'revertMs'> | undefined {
    const { started, inForce, reverting, gone } = this.#marks;
    if (!started) return undefined;
    const end = this.#mark(now);
    return {
      marks: {
        baseline: this.#baseline,
        started,
        inForce,
        reverting: reverting ?? end,
        gone: gone ?? end,
        end,
      },
      moments: this.moments,
      inForceMs: this.#inForceMs,
      revertMs: this.#revertMs,
    };
  }

  #mark(at: number): Mark {
    return markAt(this.#histories(), at);
  }
}
