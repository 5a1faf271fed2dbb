/** Owns what follows a try that brought no answer to pass on: another one, where that is safe and allowed, or the end. */
import type { Target } from '../balance/types.ts';
import type { FailedTry } from './message.ts';
import type { Picks } from './pick.ts';
import type { RetrySeries } from './record.ts';
import { defaultRetry, retryVerdict } from './retry.ts';
import type { Route } from './route.ts';

/** A try that is over: failed, or answered with a status that may be worth another try. */
export type TryEnd =
  | ({ readonly kind: 'failed' } & FailedTry)
  | { readonly kind: 'response'; readonly status: number };

export type Step =
  | { readonly kind: 'try'; readonly target: Target; readonly reason: RetrySeries['reason'] }
  | { readonly kind: 'stop' }
  | { readonly kind: 'over-budget' };

/** What is asked for, and what has become of it so far. */
export interface Attempted {
  readonly route: Route;
  readonly method: string;
  readonly picks: Picks;
  /** Whether the request's body can be sent once more. */
  readonly replayable: boolean;
  /** Whether every try so far provably never arrived. */
  readonly unsent: boolean;
}

const stop: Step = { kind: 'stop' };

/** Takes the retry from the service's budget where it is charged. `tried`: what the try that is over was sent to. */
export function nextStep(request: Attempted, end: TryEnd, tried: Target): Step {
  const { route, method, picks, replayable, unsent } = request;
  const { balancer, retry = defaultRetry } = route;
  if (picks.tries >= retry.maxTries || isAskedWrongly(end)) return stop;
  const verdict = retryVerdict(method, replayable, end, retry);
  if (verdict.kind === 'final') return stop;
  // With no other target left, the only one tried so far gets a second chance when its connection failed: it
  // may just have closed one that was kept.
  const mayRepeat = end.kind === 'failed' && end.code === 'UPSTREAM_FAILED' && picks.tries === 1;
  const target = picks.next(unsent) ?? (mayRepeat ? tried : undefined);
  if (target === undefined) return stop;
  if (verdict.charged && !balancer.takeRetry()) return { kind: 'over-budget' };
  const reason = end.kind === 'response' ? 'status' : verdict.charged ? 'failed' : 'unsent';
  return { kind: 'try', target, reason };
}

/** What a client asked for wrongly says nothing of the endpoint, and no other one would do it. */
export function isAskedWrongly(end: TryEnd): boolean {
  return end.kind === 'failed' && end.code === 'PROTOCOL_MISMATCH';
}
