/** Owns slowing down those who guess: a few wrong tokens per address and minute, then none are looked at. */
import type { Clock } from '../core/clock.ts';
import { IsthmusError } from '../core/errors.ts';

/** Wrong tokens one address may send in a window. A person mistypes a few; 256 bits need no stricter rule. */
const allowed = 10;
const windowMs = 60_000;
/** Addresses remembered at once; the one that has been quiet longest is forgotten. Bounds the memory an attacker can take. */
const capacity = 4096;

interface Window {
  readonly startedAt: number;
  failures: number;
}

export class GuessLimit {
  readonly #clock: Clock;
  readonly #windows = new Map<string, Window>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Throws JOIN_LIMITED for an address that has guessed too often. */
  check(address: string): void {
    const window = this.#windows.get(address);
    if (window && window.failures >= allowed && this.#isOpen(window)) {
      throw new IsthmusError('JOIN_LIMITED', {
        what: `Too many wrong join tokens came from ${address}`,
      });
    }
  }

  failed(address: string): void {
    const known = this.#windows.get(address);
    const window =
      known && this.#isOpen(known) ? known : { startedAt: this.#clock.monotonic(), failures: 0 };
    window.failures += 1;
    this.#windows.delete(address);
    this.#windows.set(address, window);
    const [oldest] = this.#windows.keys();
    if (this.#windows.size > capacity && oldest !== undefined) this.#windows.delete(oldest);
  }

  #isOpen(window: Window): boolean {
    return this.#clock.monotonic() - window.startedAt < windowMs;
  }
}
