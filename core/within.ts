/** Owns waiting for a promise within a time limit. */
import type { Clock } from './clock.ts';

/** Resolves once `done` has, or after `ms`, whichever comes first. Rejects when `done` does before. */
export function within(clock: Clock, ms: number, done: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, resolve);
    done.finally(cancel).then(resolve, reject);
  });
}
