/** Owns how late the thread that it is made in runs what is due. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How often is looked, in milliseconds. */
const resolution = 20;

export class ThreadLag {
  readonly #delay = monitorEventLoopDelay({ resolution });

  constructor() {
    this.#delay.enable();
  }

  /** 99th percentile since the last call, in milliseconds. */
  p99Ms(): number {
    // A histogram counts the interval it waits for as delay.
    const lagMs = this.#delay.count === 0 ? 0 : this.#delay.percentile(99) / 1e6 - resolution;
    this.#delay.reset();
    return Math.max(0, lagMs);
  }

  close(): void {
    this.#delay.disable();
  }
}
