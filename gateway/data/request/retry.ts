/** Owns what follows a try that brought no answer to pass on: another one, where that is safe and allowed, or the end. */
import type { ErrorCode } from '../../../core/error-codes.ts';
import type { Target } from '../balance/types.ts';
import type { FailedTry } from '../message/message.ts';
import { turnedAway } from '../message/turned-away.ts';
import type { RetriedLabels } from '../observe/series.ts';
import type { Picks } from './pick.ts';
import { namesFailure } from './retry/conditions.ts';
import { isRepeatable, retryVerdict, type TryOutcome } from './retry/verdict.ts';

/** A try that is over: failed, or answered with a status that may be worth another try. */
type TryEnd =
  | ({ readonly kind: 'failed' } & FailedTry)
  | (Extract<TryOutcome, { kind: 'response' }> & {
      /** Milliseconds that the answer asks to be waited; undefined = it does not say. */
      readonly afterMs?: number | undefined;
    });

export interface TryStep {
  readonly kind: 'try';
  readonly target: Target;
  readonly reason: RetriedLabels['reason'];
  /** Whether the same target need not rest before it is asked again. */
  readonly isAtOnce?: boolean;
  /** Milliseconds to wait, where the answer said so. */
  readonly afterMs?: number | undefined;
}

/** A try that runs beside the one that is over takes its place. */
export interface BesideStep {
  readonly kind: 'beside';
}

export type Step =
  | TryStep
  | BesideStep
  | { readonly kind: 'stop' }
  | { readonly kind: 'over-budget' }
  /** A breaker lets no more retries through. */
  | { readonly kind: 'shut'; readonly failure: FailedTry };

const stop: Step = { kind: 'stop' };

/**
 * Takes the retry from the service's budget where it is charged. `replayable`: whether the request's body can be sent once more;
 * `tried`: the target of the try that is over.
 */
export function nextStep(picks: Picks, replayable: boolean, end: TryEnd, tried: Target): Step {
  const { method, route } = picks;
  const { retry } = route.policy.balance;
  if (picks.tries >= retry.maxTries) return stop;
  if (end.kind === 'failed' && isFinal(end.code)) return stop;
  const isTurnedAway = end.kind === 'failed' && end.code === 'CIRCUIT_OPEN';
  if (isTurnedAway) picks.awayFrom = tried;
  const verdict = isTurnedAway
    ? ({ kind: replayable ? 'retry' : 'final', charged: false } as const)
    : retryVerdict(method, replayable, end, retry);
  if (verdict.kind === 'final') return stop;
  if (end.kind === 'failed' && end.isStale) {
    return { kind: 'try', target: tried, reason: 'unsent', isAtOnce: true };
  }
  // With no other target left, the only one tried so far gets a second chance when its connection failed: it
  // may just have closed one that was kept.
  const mayRepeat = end.kind === 'failed' && end.code === 'UPSTREAM_FAILED' && picks.tries === 1;
  const target = picks.next() ?? (mayRepeat ? tried : undefined);
  if (target === undefined) return stop;
  const afterMs = end.kind === 'response' ? end.afterMs : undefined;
  if (afterMs !== undefined && afterMs > retry.retryAfterMs) return stop;
  const shut = isTurnedAway ? undefined : route.balancer.shutRetry(target);
  if (shut !== undefined) return { kind: 'shut', failure: turnedAway(shut) };
  if (verdict.charged && !picks.takeRetry()) return { kind: 'over-budget' };
  const reason = end.kind === 'response' ? 'status' : verdict.charged ? 'failed' : 'unsent';
  return { kind: 'try', target, reason, afterMs };
}

/**
 * Another try for a request whose target is not heard from, though it may answer yet; undefined: it is to be waited for. Takes
 * the retry from the service's budget.
 */
export function stepAside(picks: Picks, replayable: boolean): TryStep | undefined {
  const { method, route } = picks;
  const { retry } = route.policy.balance;
  if (!replayable || !isRepeatable(method, retry) || picks.tries >= retry.maxTries)
    return undefined;
  if (!namesFailure(retry, { sent: 'maybe' })) return undefined;
  const target = picks.elsewhere();
  if (target === undefined || route.balancer.shutRetry(target) !== undefined) return undefined;
  if (!picks.takeRetry()) return undefined;
  return { kind: 'try', target, reason: 'suspect', isAtOnce: true };
}

/**
 * Where one more try may go beside those under way; undefined: nowhere, or it may not. Takes it from the service's retry budget. A cluster
 * that was asked hedges among its endpoints itself.
 */
export function placeBeside(picks: Picks, replayable: boolean): Target | undefined {
  if (!replayable || picks.isOfSession) return undefined;
  const target = picks.elsewhere();
  if (target === undefined || picks.hasTried(target)) return undefined;
  if (picks.route.balancer.shutRetry(target) !== undefined) return undefined;
  return picks.takeRetry() ? target : undefined;
}

/** Failures that another try would repeat: its client waits no more, the request is wrong or too large, or the response is in a form that can't be passed on. */
const finalCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'DEADLINE_EXCEEDED',
  'PROTOCOL_MISMATCH',
  'REQUEST_HEAD_TOO_LARGE',
  'RESPONSE_REFUSED',
  'ACCESS_DENIED',
]);

/** Whether a failure says nothing of its target's health, and another try would come to the same. */
export function isFinal(code: ErrorCode): boolean {
  return finalCodes.has(code);
}

/** Whether the end of a try says nothing of its target's health. */
export function saysNothing({ code, isStale }: FailedTry): boolean {
  return isStale === true || code === 'CIRCUIT_OPEN' || isFinal(code);
}
