/** Owns what may be tried again: only what provably never arrived, or does no harm twice. */
import type { RetryPolicy } from '../../../../policy/traffic-policy.ts';
import type { FailedTry } from '../../message/message.ts';

/** RFC 9110 section 9.2.2. */
const idempotentMethods = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

export function isIdempotent(method: string): boolean {
  return idempotentMethods.has(method);
}

/** How a try ended: without a whole response, or with one of that status. */
export type TryOutcome =
  | ({ readonly kind: 'failed' } & Pick<FailedTry, 'sent'>)
  | { readonly kind: 'response'; readonly status: number };

type RetryVerdict =
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
  retry: RetryPolicy,
): RetryVerdict {
  if (!replayable) return final;
  if (outcome.kind === 'failed' && outcome.sent === 'no') return { kind: 'retry', charged: false };
  if (!isIdempotent(method)) return final;
  if (outcome.kind === 'response' && !retry.statuses.includes(outcome.status)) return final;
  return { kind: 'retry', charged: true };
}
