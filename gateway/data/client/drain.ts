/** Owns how a listener ends: what is in flight finishes, within a time limit, and then nothing is left. */
import type { Clock } from '../../../core/clock.ts';

/** How a drain ended: everything finished, or the limit came first and `cut` requests were cut off. */
export type DrainResult =
  | { readonly kind: 'finished' }
  | { readonly kind: 'cut'; readonly cut: number };

/** Requests and connections in flight on a listener: each is counted in when it begins, and out when it is over. */
export class InFlight {
  #count = 0;
  #whenEmpty: (() => void) | undefined;

  get count(): number {
    return this.#count;
  }

  began(): void {
    this.#count++;
  }

  ended(): void {
    this.#count--;
    if (this.#count === 0) this.#whenEmpty?.();
  }

  /** Resolves when nothing is in flight, or after `limitMs`. */
  async drained(clock: Clock, limitMs: number): Promise<DrainResult> {
    if (this.#count === 0) return { kind: 'finished' };
    return new Promise((resolve) => {
      const cancel = clock.after(limitMs, () => resolve({ kind: 'cut', cut: this.#count }));
      this.#whenEmpty = () => {
        cancel();
        resolve({ kind: 'finished' });
      };
    });
  }
}
