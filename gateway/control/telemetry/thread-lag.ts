/** Owns measuring how late its thread runs timers that are due, while anybody asks: a sample wakes the thread fifty times a second. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from '../../../core/clock.ts';

/** How often is looked, in milliseconds. */
const resolution = 20;
/** After so long without a scrape nobody asks any more: scrapers come once a minute or more often. */
const forgottenMs = 300_000;

export class ThreadLag {
  readonly #delay = monitorEventLoopDelay({ resolution });
  readonly #clock: Pick<Clock, 'after'>;
  #cancel = (): void => {};

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock;
  }

  /** 99th percentile since the last call, in milliseconds; 0 where that was never, or five minutes ago. */
  p99Ms(): number {
    // A histogram counts the interval it waits for as delay.
    const lagMs = this.#delay.count === 0 ? 0 : this.#delay.percentile(99) / 1e6 - resolution;
    this.#delay.reset();
    this.#delay.enable();
    this.#cancel();
    this.#cancel = this.#clock.after(forgottenMs, () => this.close());
    return Math.max(0, lagMs);
  }

  close(): void {
    this.#cancel();
    this.#delay.disable();
    this.#delay.reset();
  }
}
