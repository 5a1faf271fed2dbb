/** Owns what may be tried again: only what provably never arrived, or does no harm twice. */
import type { FailedTry } from './message.ts';

export interface RouteRetry {
  /** Most tries of one request, the first included; default 4. */
  readonly maxTries: number;
  /**
   * Upstream statuses after which an idempotent request is tried again; default [503], which says "not
   * now, not here". 502 and 504 are left out: they come from behind the endpoint, where another copy of
   * the service most often looks the same.
   */
  readonly statuses: readonly number[];
}

export const defaultRetry: RouteRetry = { maxTries: 4, statuses: [503] };

/** RFC 9110 section 9.2.2. */
const idempotentMethods = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

export function isIdempotent(method: string): boolean {
  return idempotentMethods.has(method);
}

/** What came of a try: no whole response, or one of that status. */
export type TryOutcome =
  | ({ readonly kind: 'failed' } & Pick<FailedTry, 'sent'>)
  | { readonly kind: 'response'; readonly status: number };

export type RetryVerdict =
  | { readonly kind: 'final' }
  /** Free: nothing arrived, so another try adds no load that the first did not fail to bring. */
  | { readonly kind: 'retry'; readonly charged: boolean };

const final: RetryVerdict = { kind: 'final' };

/**
 * Says whether a request may be tried again after `outcome`. A charged retry must also find room in the
 * service's retry budget. `replayable` says whether its body can be sent once more.
 */
export function retryVerdict(
  method: string,
  replayable: boolean,
  outcome: TryOutcome,
  retry: RouteRetry,
): RetryVerdict {
  if (!replayable) return final;
  if (outcome.kind === 'failed' && outcome.sent === 'no') return { kind: 'retry', charged: false };
  if (!isIdempotent(method)) return final;
  if (outcome.kind === 'response' && !retry.statuses.includes(outcome.status)) return final;
  return { kind: 'retry', charged: true };
}
