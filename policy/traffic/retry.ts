/** Owns the shape of what is tried again, how soon and how often, with its defaults. */

/**
 * What a try may end with to be followed by another. Names and meanings are Envoy's (`x-envoy-retry-on`, `x-envoy-retry-grpc-on`),
 * which Istio has taken over.
 */
export const retryConditions = [
  'connect-failure',
  'refused-stream',
  'reset',
  'gateway-error',
  '5xx',
  'retriable-4xx',
  'retriable-status-codes',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
] as const;
export type RetryCondition = (typeof retryConditions)[number];

/** How retries are kept a fraction of requests: of those of the last ten seconds, or of those in flight, as Envoy does. */
export const retryBudgets = ['recent', 'active'] as const;
type RetryBudgetKind = (typeof retryBudgets)[number];

export interface RetryPolicy {
  /** Most tries of one request, the first included; default 4. */
  readonly maxTries: number;
  /** Default: no whole answer came, for whatever reason, and the statuses below. */
  readonly on: readonly RetryCondition[];
  /**
   * Upstream statuses, 400 to 599, that `retriable-status-codes` means; default [503], which says "not
   * now, not here". 502 and 504 are left out: they come from behind the endpoint, where another copy of
   * the service most often looks the same.
   */
  readonly statuses: readonly number[];
  /** Pause before a retry: full jitter up to `(2^N - 1) * base` for the Nth, at most `max`. Default 0: none, unless the same target is asked again. */
  readonly backoff: {
    readonly baseMs: number;
    /** Default 250. */
    readonly maxMs: number;
  };
  /** The longest `Retry-After` of an answer that is waited for, in milliseconds; default 0: it is not heeded. */
  readonly retryAfterMs: number;
  /** Default `recent`. */
  readonly budget: RetryBudgetKind;
  /** Retries allowed as a percentage of requests, those that `budget` names; default 20. */
  readonly budgetPercent: number;
  /** Retries a second allowed whatever the traffic, where the budget is `recent`; default 3. */
  readonly minPerSecond: number;
  /** Retries at a time allowed whatever the traffic, where the budget is `active`; default 3. */
  readonly minConcurrent: number;
  /** Whether a retry stays in the cluster of the first try; default `anywhere`. */
  readonly stay: 'anywhere' | 'datacenter';
  /** Whether requests that are not idempotent are tried again also when they may have arrived; default false. */
  readonly nonIdempotent: boolean;
}

export const defaultRetry: RetryPolicy = {
  maxTries: 4,
  on: ['connect-failure', 'refused-stream', 'reset', 'retriable-status-codes'],
  statuses: [503],
  backoff: { baseMs: 0, maxMs: 250 },
  retryAfterMs: 0,
  budget: 'recent',
  budgetPercent: 20,
  minPerSecond: 3,
  minConcurrent: 3,
  stay: 'anywhere',
  nonIdempotent: false,
};
