/** Owns what a link knows of its round trip: a smoothed estimate, the slowest of late, and when a change is worth telling. */

/** Weight of a sample above the estimate (RFC 6298 section 2.3): a busy moment is not a longer way. */
const gainUp = 1 / 8;
/** Weight of a sample below it: nothing can answer faster than the way allows. */
const gainDown = 1 / 2;

/** The estimate after one more sample. Both in milliseconds. */
export function smoothed(estimate: number | undefined, sample: number): number {
  if (estimate === undefined) return sample;
  return estimate + (sample > estimate ? gainUp : gainDown) * (sample - estimate);
}

/** Whether a change of the estimate is worth telling anybody: over 20 % and over a millisecond. */
export function movedNotably(told: number | undefined, now: number | undefined): boolean {
  if (told === undefined || now === undefined) return told !== now;
  return Math.abs(now - told) > Math.max(1, 0.2 * told);
}

/** At one PING each fifth of a second, those of six seconds and more. */
const answersKept = 32;

/** The slowest of the last answers. */
export class SlowestAnswer {
  readonly #lastMs: number[] = [];
  #next = 0;

  add(ms: number): void {
    this.#lastMs[this.#next] = ms;
    this.#next = (this.#next + 1) % answersKept;
  }

  /** Milliseconds; 0 while there was none. */
  get ms(): number {
    return Math.max(0, ...this.#lastMs);
  }
}
