/** Owns the tries of one request: pick, forward, judge, and again while that is safe and allowed. */
import type { Readable } from 'node:stream';
import { type BackoffPolicy, backoffDelay } from '../../core/backoff.ts';
import type { Clock, Random } from '../../core/clock.ts';
import { IsthmusError } from '../../core/errors.ts';
import type { Target, TryResult } from '../balance/types.ts';
import { Deadline, type StopReason } from './deadline.ts';
import { type ClusterTransport, type EndpointTransport, forward } from './forward.ts';
import type { FailedTry, Outcome, RequestHead, Response } from './message.ts';
import type { Picks } from './pick.ts';
import { defaultRetry, retryVerdict } from './retry.ts';
import type { Route } from './route.ts';
import type { RetrySeries } from './series.ts';

export interface TryGround {
  readonly endpoints: EndpointTransport;
  readonly links: ClusterTransport;
  readonly clock: Clock;
  readonly random: Random;
}

export interface Attempt {
  readonly route: Route;
  readonly head: RequestHead;
  readonly picks: Picks;
  /** The whole request's; raised when the client goes away. */
  readonly deadline: Deadline;
  /** Opens the body from its beginning for one more try; absent when there is none. */
  readonly openBody: (() => Readable) | undefined;
  replayable(): boolean;
  onRetry(reason: RetrySeries['reason']): void;
}

export type Conclusion =
  | {
      readonly kind: 'answered';
      readonly response: Response;
      readonly target: Target;
      /** Tells the balancer how it ended; call it once the body has. */
      readonly finish: (result: TryResult) => void;
    }
  | { readonly kind: 'failed'; readonly error: IsthmusError; readonly sent: 'no' | 'maybe' }
  | { readonly kind: 'client-gone' };

/** Between two tries of the same target, when there is no other. */
const sameTargetBackoff: BackoffPolicy = { baseMs: 20, maxMs: 250 };

export async function attempt(request: Attempt, ground: TryGround): Promise<Conclusion> {
  const { route, picks, deadline } = request;
  const { maxTries } = route.retry ?? defaultRetry;
  route.balancer.countRequest();
  const first = picks.next(true);
  if (first === undefined) return nobodyThere(route);
  let target = first;
  for (let unsent = true; ; ) {
    if (picks.hasTried(target)) await backOff(picks.tries, ground, deadline.signal);
    const { outcome, finish } = await tryOnce(request, target, ground);
    unsent &&= outcome.kind === 'failed' && outcome.sent === 'no';
    if (deadline.reason === 'client-gone') {
      if (outcome.kind === 'response') outcome.body.destroy();
      finish('abandoned');
      return { kind: 'client-gone' };
    }
    if (outcome.kind === 'failed') finish(outcome.sent === 'no' ? 'unsent' : 'failed');
    const mayRetry = picks.tries < maxTries && deadline.reason === undefined;
    const step: Step = mayRetry ? nextStep(request, outcome, unsent, target) : { kind: 'stop' };
    if (step.kind !== 'try') {
      if (outcome.kind === 'response') {
        return { kind: 'answered', response: outcome, target, finish };
      }
      const error = errorOf(outcome, step.kind === 'over-budget', deadline.reason);
      return { kind: 'failed', error, sent: unsent ? 'no' : 'maybe' };
    }
    if (outcome.kind === 'response') {
      outcome.body.destroy();
      finish('failed');
    }
    target = step.target;
  }
}

type Step =
  | { readonly kind: 'try'; readonly target: Target }
  | { readonly kind: 'stop' }
  | { readonly kind: 'over-budget' };

function nextStep(request: Attempt, outcome: Outcome, unsent: boolean, failed: Target): Step {
  const { route, picks, head } = request;
  const retry = route.retry ?? defaultRetry;
  const verdict = retryVerdict(head.method, request.replayable(), outcome, retry);
  if (verdict.kind === 'final') return { kind: 'stop' };
  const target = picks.next(unsent) ?? onceMore(picks, outcome, failed);
  if (target === undefined) return { kind: 'stop' };
  if (verdict.charged && !route.balancer.takeRetry()) return { kind: 'over-budget' };
  request.onRetry(outcome.kind === 'response' ? 'status' : verdict.charged ? 'failed' : 'unsent');
  return { kind: 'try', target };
}

/**
 * With no other target left, the only one tried so far gets a second chance when its connection failed: it
 * may just have closed one that was kept.
 */
function onceMore(picks: Picks, outcome: Outcome, failed: Target): Target | undefined {
  const broke = outcome.kind === 'failed' && outcome.code === 'UPSTREAM_FAILED';
  return broke && picks.tries === 1 ? failed : undefined;
}

/** One try under its own time limit. The balancer counts it as pending until `finish`. */
async function tryOnce(
  { route, head, picks, deadline, openBody }: Attempt,
  target: Target,
  ground: TryGround,
): Promise<{ outcome: Outcome; finish: (result: TryResult) => void }> {
  const { balancer, timeouts } = route;
  picks.tried(target);
  balancer.started(target);
  const started = ground.clock.monotonic();
  const own = new Deadline(ground.clock);
  const stop = () => own.raise('out-of-time');
  deadline.signal.addEventListener('abort', stop, { once: true });
  if (deadline.signal.aborted) stop();
  own.start(timeouts.perTryMs);
  const outcome = await forward(target, ground.endpoints, ground.links, head, openBody?.(), {
    signal: own.signal,
    connectMs: timeouts.connectMs,
  });
  own.settle();
  deadline.signal.removeEventListener('abort', stop);
  const elapsed = ground.clock.monotonic() - started;
  return { outcome, finish: (result) => balancer.finished(target, result, elapsed) };
}

/** Waits before the same target is tried again, there being no other; a stop cuts the wait short. */
function backOff(tries: number, { clock, random }: TryGround, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(backoffDelay(sameTargetBackoff, tries - 1, random), resolve);
    signal.addEventListener('abort', () => {
      cancel();
      resolve();
    });
  });
}

function nobodyThere(route: Route): Conclusion {
  const what = `No endpoint of ${route.service} can take the request`;
  return { kind: 'failed', error: new IsthmusError('NO_HEALTHY_ENDPOINT', { what }), sent: 'no' };
}

function errorOf(failed: FailedTry, overBudget: boolean, stopped: StopReason | undefined) {
  const { code, what, cause } = failed;
  if (stopped === 'out-of-time') return new IsthmusError('UPSTREAM_TIMED_OUT', { what, cause });
  return new IsthmusError(overBudget ? 'RETRY_BUDGET_SPENT' : code, { what, cause });
}
