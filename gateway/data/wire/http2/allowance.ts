/** Owns telling busy from flooding: an allowance that is spent by events and refilled by time. */
import type { Rate } from './options.ts';

export class Allowance {
  readonly #rate: Rate;
  #left: number;
  #at: number | undefined;

  constructor(rate: Rate) {
    this.#rate = rate;
    this.#left = rate.burst;
  }

  /** Spends `cost` at `now` (monotonic milliseconds). False when there was not as much. */
  spend(cost: number, now: number): boolean {
    this.#refill(now);
    const left = this.#left - cost;
    // Octets spent beyond the allowance are no debt.
    this.#left = Math.max(-1, left);
    return left >= 0;
  }

  /** Whether there is anything left at `now`. */
  has(now: number): boolean {
    if (this.#left < 0) this.#refill(now);
    return this.#left >= 0;
  }

  earn(amount: number): void {
    this.#left = Math.min(this.#rate.burst, this.#left + amount);
  }

  #refill(now: number): void {
    this.earn(((now - (this.#at ?? now)) * this.#rate.perSecond) / 1_000);
    this.#at = now;
  }
}
