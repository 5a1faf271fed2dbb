/** Owns a clock that tests move by hand: time passes only when told, and due timers run in order. */
import type { Clock } from '../../core/clock.ts';

interface Timer {
  readonly due: number;
  readonly run: () => void;
}

export class ManualClock implements Clock {
  /** Wall time when monotonic time was 0. */
  #epoch: number;
  #monotonic = 0;
  /** In the order they were set, so that of two due at once the earlier set runs first. */
  readonly #timers = new Set<Timer>();

  /** Starts at `wall`, in milliseconds since the epoch; default the real time now, so that real certificates are valid. */
  constructor(wall: number = Date.now()) {
    this.#epoch = wall;
  }

  now(): number {
    return Math.floor(this.#epoch + this.#monotonic);
  }

  monotonic(): number {
    return this.#monotonic;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { due: this.#monotonic + Math.max(0, ms), run };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** How many timers are waiting. */
  get pending(): number {
    return this.#timers.size;
  }

  /**
   * Lets `ms` pass. Each timer that comes due meanwhile runs at its own time, also one that another timer
   * sets; what a timer starts asynchronously is the test's to wait for.
   */
  advance(ms: number): void {
    const end = this.#monotonic + ms;
    for (let timer = this.#nextDue(end); timer; timer = this.#nextDue(end)) {
      this.#timers.delete(timer);
      this.#monotonic = Math.max(timer.due, this.#monotonic);
      timer.run();
    }
    this.#monotonic = end;
  }

  /** Steps wall time alone by `ms`, as an administrator or a time server would; no timer runs. */
  jump(ms: number): void {
    this.#epoch += ms;
  }

  #nextDue(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.due <= end && (next === undefined || timer.due < next.due)) next = timer;
    }
    return next;
  }
}
