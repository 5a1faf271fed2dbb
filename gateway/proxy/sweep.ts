/** Owns coarse time limits: one timer for all connections, which only note when their time is up. */
import type { Clock } from '../../core/clock.ts';

export interface Limited {
  /** When its time is up, as `Sweep.in` gave it; Infinity = never. */
  readonly dueAt: number;
  /** Called on every tick from then on, until `dueAt` is later again. */
  onDue(): void;
}

/** A timer per request costs more than the rest of the gateway's own work: here it is one addition. */
export class Sweep {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #items = new Set<Limited>();
  #cancel: (() => void) | undefined;
  /** Monotonic milliseconds, at most one tick old. */
  #now: number;

  constructor(clock: Clock, tickMs: number) {
    this.#clock = clock;
    this.#tickMs = tickMs;
    this.#now = clock.monotonic();
    this.#arm();
  }

  get now(): number {
    return this.#now;
  }

  /** For `dueAt`: never early, at most two ticks late. */
  in(ms: number): number {
    return this.#now + ms + this.#tickMs;
  }

  add(item: Limited): void {
    this.#items.add(item);
  }

  delete(item: Limited): void {
    this.#items.delete(item);
  }

  close(): void {
    this.#cancel?.();
  }

  #arm(): void {
    this.#cancel = this.#clock.after(this.#tickMs, () => {
      this.#arm();
      this.#now = this.#clock.monotonic();
      // What has arrived by now is read first: it may be we who are late.
      setImmediate(() => this.#tell());
    });
  }

  #tell(): void {
    for (const item of this.#items) if (item.dueAt <= this.#now) item.onDue();
  }
}
