/** Owns when a request or a try has waited long enough for a response head. */
import type { Clock } from '../../core/clock.ts';

export type StopReason = 'client-gone' | 'out-of-time';

/** An abort signal that says why it was raised, and a timer that may raise it. */
export class Deadline {
  readonly #clock: Clock;
  readonly #controller = new AbortController();
  #cancelTimer: (() => void) | undefined;
  #settled = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why it was raised; undefined while it was not. */
  get reason(): StopReason | undefined {
    return this.signal.aborted ? (this.signal.reason as StopReason) : undefined;
  }

  /** Starts the time running; 0 = no limit. */
  start(ms: number): void {
    if (ms === 0 || this.#settled) return;
    this.#cancelTimer = this.#clock.after(ms, () => this.raise('out-of-time'));
  }

  raise(reason: StopReason): void {
    if (this.#settled) return;
    this.settle();
    this.#controller.abort(reason);
  }

  /** The response head is here, or nobody waits for it any more. */
  settle(): void {
    this.#settled = true;
    this.#cancelTimer?.();
  }
}
