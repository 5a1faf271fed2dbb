/** Owns slowing down guesses at secrets: after a few wrong ones in a minute, no more of that source are looked at. */
import type { Clock } from '../core/clock.ts';
import type { IsthmusError } from '../core/errors.ts';

/** Wrong secrets one source may send in a window. A person mistypes a few; 256 bits need no stricter rule. */
const allowed = 10;
const windowMs = 60_000;
/** Sources remembered at once; the one that has been quiet longest is forgotten. Bounds the memory an attacker can take. */
const capacity = 4096;

interface Window {
  readonly startedAt: number;
  failures: number;
}

export class GuessLimit {
  readonly #clock: Clock;
  readonly #refusal: (source: string) => IsthmusError;
  readonly #windows = new Map<string, Window>();

  /** `refusal` makes what is thrown at a source that has guessed too often: an address, or whatever the caller tells apart. */
  constructor(clock: Clock, refusal: (source: string) => IsthmusError) {
    this.#clock = clock;
    this.#refusal = refusal;
  }

  /** Throws the refusal for a source that has guessed too often. */
  check(source: string): void {
    const window = this.#windows.get(source);
    if (window && window.failures >= allowed && this.#isOpen(window)) {
      throw this.#refusal(source);
    }
  }

  failed(source: string): void {
    const known = this.#windows.get(source);
    const window =
      known && this.#isOpen(known) ? known : { startedAt: this.#clock.monotonic(), failures: 0 };
    window.failures += 1;
    this.#windows.delete(source);
    this.#windows.set(source, window);
    const [oldest] = this.#windows.keys();
    if (this.#windows.size > capacity && oldest !== undefined) this.#windows.delete(oldest);
  }

  #isOpen(window: Window): boolean {
    return this.#clock.monotonic() - window.startedAt < windowMs;
  }
}
