/** Owns what may be tried again: what the policy names, and of that only what provably never arrived, or does no harm twice. */
import type { RetryPolicy } from '../../../../policy/traffic/retry.ts';
import type { FailedTry } from '../../message/message.ts';
import { namesAnswer, namesFailure } from './conditions.ts';

/** RFC 9110 section 9.2.2. */
const idempotentMethods = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

export function isIdempotent(method: string): boolean {
  return idempotentMethods.has(method);
}

/** RFC 9110 section 9.2.1. */
const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/**
 * Whether a request may be sent a second time while the first is under way. That it is idempotent is not enough: what is left of a PUT
 * would arrive after whatever its client does next.
 */
export function mayRace(method: string, { nonIdempotent }: RetryPolicy): boolean {
  return safeMethods.has(method) || nonIdempotent;
}

/** Whether a request may be sent again that may have arrived. */
export function isRepeatable(method: string, { nonIdempotent }: RetryPolicy): boolean {
  return isIdempotent(method) || nonIdempotent;
}

/** How a try ended: without a whole response, or with one of that status; `grpcStatus`: of gRPC, where its head says one. */
export type TryOutcome =
  | ({ readonly kind: 'failed' } & Pick<FailedTry, 'sent' | 'isStale' | 'isRefused'>)
  | {
      readonly kind: 'response';
      readonly status: number;
      readonly grpcStatus?: number | undefined;
    };

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
  if (outcome.kind === 'failed') {
    // The request has not left: that is no failure of the target's.
    if (outcome.isStale) return { kind: 'retry', charged: false };
    if (!namesFailure(retry, outcome)) return final;
    if (outcome.sent === 'no') return { kind: 'retry', charged: false };
  } else if (!namesAnswer(retry, outcome.status, outcome.grpcStatus)) return final;
  return isRepeatable(method, retry) ? { kind: 'retry', charged: true } : final;
}
