/** Owns the retry budget: retries stay a fraction of requests, so that they never become the storm (Finagle, Linkerd). */
import type { RetryPolicy } from '../../../policy/traffic/retry.ts';

const slots = 10;
const slotMs = 1000;

interface RetryBudget {
  /** Counts a request that is not a retry. `now` is monotonic, in milliseconds. */
  countRequest(now: number): void;
  /** Takes one retry; false when the budget is spent. */
  takeRetry(now: number, policy: Pick<RetryPolicy, 'budgetPercent' | 'minPerSecond'>): boolean;
}

/** Retries that may be under way while so many tries are: Envoy's retry budget. */
export function mostActiveRetries(
  active: number,
  { budgetPercent, minConcurrent }: Pick<RetryPolicy, 'budgetPercent' | 'minConcurrent'>,
): number {
  return Math.max(minConcurrent, Math.floor((budgetPercent / 100) * active));
}

/**
 * Over the last ten seconds, retries may be `budgetPercent` of requests plus `minPerSecond` a second.
 * Two rings of one-second counters: constant time, nothing allocated.
 */
export function createRetryBudget(): RetryBudget {
  const requests = new Uint32Array(slots);
  const retries = new Uint32Array(slots);
  let requestSum = 0;
  let retrySum = 0;
  let second = 0;

  /** Forgets the seconds that have left the window; returns the slot of the present one. */
  function slotAt(now: number): number {
    const present = Math.floor(now / slotMs);
    const gone = Math.min(slots, Math.max(0, present - second));
    for (let i = 1; i <= gone; i++) {
      const slot = (second + i) % slots;
      requestSum -= requests[slot] ?? 0;
      retrySum -= retries[slot] ?? 0;
      requests[slot] = 0;
      retries[slot] = 0;
    }
    second = Math.max(second, present);
    return second % slots;
  }

  return {
    countRequest(now) {
      const slot = slotAt(now);
      requests[slot] = (requests[slot] ?? 0) + 1;
      requestSum++;
    },
    takeRetry(now, policy) {
      const slot = slotAt(now);
      const allowed = (requestSum * policy.budgetPercent) / 100 + slots * policy.minPerSecond;
      if (retrySum + 1 > allowed) return false;
      retries[slot] = (retries[slot] ?? 0) + 1;
      retrySum++;
      return true;
    },
  };
}
