/** Owns the time as of a moment ago: a look at the clock costs as much as finding a route, and one does for many. */
import type { Clock } from '../../core/clock.ts';
import { atTurnsEnd, type Flushable } from './turn.ts';

/** How often one reading is given: bounds its age where a turn is long. */
const mostUses = 16;

/** `clock`, but monotonic time is as old as the turn of the event loop it was first asked for in, or as what 16 requests take. */
export class TurnClock implements Clock, Flushable {
  readonly #clock: Clock;
  #time = 0;
  #usesLeft = 0;
  #isScheduled = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  monotonic(): number {
    if (this.#usesLeft > 0) {
      this.#usesLeft--;
      return this.#time;
    }
    this.#usesLeft = mostUses - 1;
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      atTurnsEnd(this);
    }
    this.#time = this.#clock.monotonic();
    return this.#time;
  }

  after(ms: number, run: () => void): () => void {
    return this.#clock.after(ms, run);
  }

  flush(): void {
    this.#isScheduled = false;
    this.#usesLeft = 0;
  }
}
