/** Owns trying several ways to one thing: each after the one before it failed, or beside it where that takes its time (RFC 8305). */
import type { Clock } from './clock.ts';

/** Before the next way is tried beside one that takes its time: RFC 8305's Connection Attempt Delay. Milliseconds. */
export const headStartMs = 250;

/**
 * Resolves to what the first way that succeeds gives; what slower ones give later is handed to `drop`. Rejects with the failure of the
 * first way when all have failed.
 */
export function staggered<T>(
  clock: Clock,
  ways: readonly (() => Promise<T>)[],
  drop: (late: T) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const failures: unknown[] = [];
    let next = 0;
    let isDone = false;
    let cancel = (): void => {};

    function tryNext(): void {
      cancel();
      const index = next++;
      const way = ways[index];
      if (way === undefined) return;
      cancel = clock.after(headStartMs, tryNext);
      way().then(
        (got) => {
          if (isDone) return drop(got);
          isDone = true;
          cancel();
          resolve(got);
        },
        (failure: unknown) => {
          failures[index] = failure;
          if (isDone) return;
          if (Object.keys(failures).length === ways.length) reject(failures[0]);
          else if (next === index + 1) tryNext();
        },
      );
    }

    if (ways.length === 0) reject(new Error('there is no way'));
    else tryNext();
  });
}
