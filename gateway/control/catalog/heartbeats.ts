/** Owns the heartbeats of endpoints: whose is overdue, and who was silent for so long that it goes. */
import type { Clock } from '../../../core/clock.ts';
import type { Registration } from './registration.ts';

/** An endpoint, as far as its heartbeats go. */
export interface Beating {
  readonly registration: Registration;
  /** Monotonic time of the last sign of life. */
  beatAt: number;
  isOverdue: boolean;
}

interface HeartbeatsOptions {
  readonly clock: Clock;
  /** The endpoint is overdue from now on. */
  overdue(registration: Registration): void;
  /** Nothing was heard of the endpoint for as long as its registration waits. */
  lost(registration: Registration): void;
}

const sweepMs = 250;

export class Heartbeats {
  readonly #options: HeartbeatsOptions;
  readonly #awaited = new Set<Beating>();
  #cancelSweep: (() => void) | undefined;

  constructor(options: HeartbeatsOptions) {
    this.#options = options;
  }

  /** A sign of life; the next one is waited for where the endpoint gives heartbeats. Returns whether it was overdue. */
  heard(endpoint: Beating): boolean {
    const wasOverdue = endpoint.isOverdue;
    endpoint.beatAt = this.#options.clock.monotonic();
    endpoint.isOverdue = false;
    if (endpoint.registration.ttlMs === undefined) this.#awaited.delete(endpoint);
    else this.#awaited.add(endpoint);
    this.#scheduleSweep();
    return wasOverdue;
  }

  /** The endpoint is no more. */
  forget(endpoint: Beating): void {
    this.#awaited.delete(endpoint);
  }

  close(): void {
    this.#cancelSweep?.();
  }

  #scheduleSweep(): void {
    if (this.#cancelSweep || this.#awaited.size === 0) return;
    this.#cancelSweep = this.#options.clock.after(sweepMs, () => {
      this.#cancelSweep = undefined;
      this.#sweep();
      this.#scheduleSweep();
    });
  }

  #sweep(): void {
    const now = this.#options.clock.monotonic();
    for (const endpoint of [...this.#awaited]) {
      const { ttlMs = 0, deregisterAfterMs } = endpoint.registration;
      const silent = now - endpoint.beatAt;
      if (deregisterAfterMs !== undefined && silent >= deregisterAfterMs) {
        this.#options.lost(endpoint.registration);
      } else if (silent >= ttlMs && !endpoint.isOverdue) {
        endpoint.isOverdue = true;
        this.#options.overdue(endpoint.registration);
      }
    }
  }
}
