/** Owns noticing that nothing has moved for too long, by one timer however much moves. */
import type { Clock } from '../../core/clock.ts';

export class IdleWatch {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #onIdle: () => void;
  #movedAt: number;
  #cancel: () => void = () => undefined;

  /** Calls `onIdle` each time that nothing has moved for `limitMs`, until it is stopped. */
  constructor(clock: Clock, limitMs: number, onIdle: () => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#onIdle = onIdle;
    this.#movedAt = clock.monotonic();
    this.#wait(limitMs);
  }

  moved(): void {
    this.#movedAt = this.#clock.monotonic();
  }

  stop(): void {
    this.#cancel();
  }

  #wait(ms: number): void {
    this.#cancel = this.#clock.after(ms, () => {
      const left = this.#movedAt + this.#limitMs - this.#clock.monotonic();
      if (left > 0) {
        this.#wait(left);
        return;
      }
      this.moved();
      this.#wait(this.#limitMs);
      this.#onIdle();
    });
  }
}
