/** Owns the delay between attempts: exponential with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"). */
import type { Random } from './clock.ts';

export interface BackoffPolicy {
  /** Upper bound of the first delay, in milliseconds. */
  readonly baseMs: number;
  /** Upper bound of every delay, in milliseconds. */
  readonly maxMs: number;
}

/**
 * Delay in milliseconds before attempt `attempt` (0 = the first retry): uniform in
 * [half, whole] of `min(maxMs, baseMs * 2^attempt)`, so that a herd spreads yet nobody retries at once.
 */
export function backoffDelay(policy: BackoffPolicy, attempt: number, random: Random): number {
  const ceiling = Math.min(policy.maxMs, policy.baseMs * 2 ** Math.min(attempt, 30));
  return ceiling / 2 + (ceiling / 2) * random();
}
