/** Owns how long is waited before a retry. */
import type { Random } from '../../../../core/clock.ts';
import type { RetryPolicy } from '../../../../policy/traffic/retry.ts';

/** Milliseconds before the retry `number`, from 1: full jitter, as Envoy has it (`retry_back_off`). */
export function pauseMs(
  { baseMs, maxMs }: RetryPolicy['backoff'],
  number: number,
  random: Random,
): number {
  return random() * Math.min(maxMs, (2 ** number - 1) * baseMs);
}

/** Milliseconds that `Retry-After` asks for, by the wall clock `now`; undefined where it says neither seconds nor a date (RFC 9110 section 10.2.3). */
export function retryAfterMs(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const at = /^[A-Z][a-z]{2}, .* GMT$/.test(value) ? Date.parse(value) : NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
