/** Owns slowing down those who guess: a few wrong secrets per address and minute, then none are looked at. */
import type { Clock } from '../core/clock.ts';
import type { IsthmusError } from '../core/errors.ts';

/** Wrong secrets one address may send in a window. A person mistypes a few; 256 bits need no stricter rule. */
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
  readonly #refusal: (address: string) => IsthmusError;
  readonly #windows = new Map<string, Window>();

  /** `refusal` makes what is thrown at an address that has guessed too often. */
  constructor(clock: Clock, refusal: (address: string) => IsthmusError) {
    this.#clock = clock;
    this.#refusal = refusal;
  }

  /** Throws the refusal for an address that has guessed too often. */
  check(address: string): void {
    const window = this.#windows.get(address);
    if (window && window.failures >= allowed && this.#isOpen(window)) {
      throw this.#refusal(address);
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
