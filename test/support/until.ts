/** Owns waiting in tests: for a condition, never for a guessed time. */
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Between two looks, in milliseconds: short at first, then a twentieth of what was waited already, and no shorter than the look
 * itself took. Whoever waits long leaves the processor to what it waits for.
 */
const shortestPauseMs = 10;
const longestPauseMs = 100;
const pausePart = 0.05;
const longestLookMs = 500;

/**
 * Polls `probe` until it returns something other than undefined, null or false, and returns that.
 * Rejects after `timeoutMs` (default 60 s: a machine that runs all tests at once has much to do) with `what` and the last error seen, if any.
 */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  timeoutMs = 60_000,
): Promise<NonNullable<T>> {
  const startedAt = performance.now();
  const deadline = startedAt + timeoutMs;
  let last: unknown;
  while (performance.now() < deadline) {
    const lookedAt = performance.now();
    try {
      const value = await probe();
      if (value !== undefined && value !== null && value !== false) return value;
    } catch (thrown) {
      last = thrown;
    }
    const now = performance.now();
    await delay(Math.max(pauseAfter(now - startedAt), Math.min(longestLookMs, now - lookedAt)));
  }
  // In the message as well: not every reporter prints a cause.
  const seen = last === undefined ? '' : `; the last error seen: ${last}`;
  throw new Error(`waited ${timeoutMs} ms in vain: ${what}${seen}`, { cause: last });
}

function pauseAfter(waitedMs: number): number {
  return Math.min(longestPauseMs, Math.max(shortestPauseMs, waitedMs * pausePart));
}

/** How long is waited for what is to come at once, where it comes after all if what makes it come is missing. */
const soonMs = 8_000;

/** What `work` resolves to; rejects where that is not soon. */
export async function soon<T>(what: string, work: Promise<T>): Promise<T> {
  const late = new AbortController();
  const timer = delay(soonMs, undefined, { signal: late.signal }).then(() => {
    throw new Error(`not within ${soonMs} ms: ${what}`);
  });
  return Promise.race([work, timer]).finally(() => late.abort());
}
