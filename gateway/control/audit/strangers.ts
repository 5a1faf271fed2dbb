/** Owns how many entries of the audit refused callers without a role may cause, so that none of them pushes out what others did. */
import type { Clock } from '../../../core/clock.ts';

const perMinute = 60;
const minuteMs = 60_000;

export class Strangers {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #began = -Infinity;
  #entered = 0;
  #leftOut = 0;
  #total = 0;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Those that were left out so far. */
  get total(): number {
    return this.#total;
  }

  /** How many were left out since the last that was entered; undefined for one that is left out too. */
  enter(): number | undefined {
    const now = this.#clock.monotonic();
    if (now - this.#began >= minuteMs) {
      this.#began = now;
      this.#entered = 0;
    }
    if (this.#entered >= perMinute) {
      this.#leftOut++;
      this.#total++;
      return undefined;
    }
    this.#entered++;
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    return leftOut;
  }
}
