/** Owns time as a value that is passed in, so that every formula and state machine can be tested without waiting. */

export interface Clock {
  /** Wall time in milliseconds since the epoch; may jump. For certificates, expiry and records. */
  now(): number;
  /** Monotonic milliseconds since an arbitrary start; never jumps. For intervals and averages. */
  monotonic(): number;
  /**
   * Calls `run` once after `ms`, which is finite, and never before `monotonic` has gone on by as much; does not keep the
   * process alive. Returns a function that cancels it.
   */
  after(ms: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, run) {
    const dueAt = performance.now() + ms;
    // Node counts in whole milliseconds: one in twenty of its timers is early by a part of one.
    const look = (): void => {
      const left = dueAt - performance.now();
      if (left <= 0) run();
      else timer = setTimeout(look, Math.ceil(left)).unref();
    };
    let timer = setTimeout(look, ms).unref();
    return () => clearTimeout(timer);
  },
};

/** A source of uniform numbers in [0, 1), like `Math.random`; tests pass a seeded one. */
export type Random = () => number;

/** Microseconds of a clock that all threads of the machine share, and that is never set. */
export function machineUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
