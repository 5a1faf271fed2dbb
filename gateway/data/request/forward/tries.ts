/** Owns the tries of one request: the one under way, how it is given up, and what follows it. */
import { type BackoffPolicy, backoffDelay } from '../../../../core/backoff.ts';
import type { Target, TryResult } from '../../balance/types.ts';
import type { Exchange } from '../../message/exchange.ts';
import { failureIn } from '../../message/gateway-answer.ts';
import type { FailedTry, OutgoingRequest, ResponseHead } from '../../message/message.ts';
import type { Trail } from '../../observe/trail.ts';
import { Picks } from '../pick.ts';
import { resultOf } from '../retry/outcome.ts';
import { isFinal, nextStep, type Step, stepAside, type TryStep } from '../retry.ts';
import type { Route } from '../route/route-table.ts';
import type { ForwardingGround } from './ground.ts';
import { send } from './send.ts';
import type { TimeLimits } from './time-limits.ts';
import { type Tried, Try } from './try.ts';

/** Between two tries of the same target. */
const sameTargetBackoff: BackoffPolicy = { baseMs: 20, maxMs: 250 };

/** The picks with what became of them: one object, for there is one of it for each request. */
export class Tries extends Picks {
  /** The try under way. */
  current: Try | undefined = undefined;
  /** The target that is tried again once the pause is over; undefined while there is no pause. */
  again: Target | undefined = undefined;
  readonly #owner: Tried;
  readonly #ground: ForwardingGround;
  readonly #limits: TimeLimits;
  /** Present where the request is observed. */
  readonly #trail: Trail | undefined;
  #first: Try | undefined;

  constructor(
    owner: Tried,
    route: Route,
    exchange: Exchange,
    ground: ForwardingGround,
    limits: TimeLimits,
    trail: Trail | undefined,
  ) {
    super(route, exchange);
    this.#owner = owner;
    this.#ground = ground;
    this.#limits = limits;
    this.#trail = trail;
  }

  /** Sends the request to `target`. */
  begin(target: Target, request: OutgoingRequest): Try {
    const { balancer, policy } = this.route;
    this.again = undefined;
    this.began(target);
    this.#limits.awaitTry(policy.timeouts.perTryMs);
    this.#limits.schedule();
    const current = new Try(this.#owner, balancer, target, this.#ground.wheel.now, this.#trail);
    this.current = current;
    this.#first ??= current;
    const sent = this.#trail?.tried(target, request) ?? request;
    current.call = send(this.#ground, this.route, this.exchange, current, sent);
    return current;
  }

  /**
   * Judges the try under way by its head. Undefined: it is the answer. Else the try is over, and this is why it has failed, or the one that comes
   * in its place. `replayable`: whether the request's body can be sent once more.
   */
  judge(current: Try, head: ResponseHead, replayable: boolean): FailedTry | TryStep | undefined {
    const { target } = current;
    const now = this.#ground.wheel.refresh();
    current.headMs = now - current.startedAt;
    const failure = target.kind === 'cluster' ? failureIn(head, target.cluster) : undefined;
    if (failure !== undefined) {
      // Where one of its endpoints failed it, that is the cluster's answer, and no sign that it can't be reached.
      const result = failure.sent === 'no' ? 'unsent' : 'gateway-error';
      current.cancel(isFinal(failure.code) ? 'abandoned' : result, now);
      return failure;
    }
    const { status } = head;
    if (!this.route.policy.balance.retry.statuses.includes(status)) return undefined;
    this.unsent = false;
    const step = nextStep(this, replayable, { kind: 'response', status }, target);
    if (step.kind !== 'try') return undefined;
    current.cancel(resultOf(status), now);
    return step;
  }

  /** A try has failed, and is over: what follows. */
  failed(failure: FailedTry, target: Target, replayable: boolean): Step {
    this.current = undefined;
    this.unsent &&= failure.sent === 'no';
    return nextStep(this, replayable, { kind: 'failed', ...failure }, target);
  }

  /** Another try in place of the one under way, which is not heard from; undefined: that is to be waited for. */
  aside(replayable: boolean): TryStep | undefined {
    const step = stepAside(this, replayable);
    if (step !== undefined) this.unsent = false;
    return step;
  }

  /** Goes on to another try. False: only after a pause, for it would be the same target again. */
  goOn({ target, reason, isAtOnce }: TryStep): boolean {
    const { recorder, random } = this.#ground;
    recorder.retried(this.route.service, reason);
    this.current = undefined;
    this.#limits.leaveContinue();
    if (isAtOnce || !this.hasTried(target)) return true;
    this.again = target;
    this.#limits.pause(backoffDelay(sameTargetBackoff, this.tries - 1, random));
    this.#limits.schedule();
    return false;
  }

  /** Gives up the try under way, or the next one. `now`: monotonic milliseconds. */
  cut(result: TryResult, now: number): void {
    this.current?.cancel(result, now);
    this.current = undefined;
    this.again = undefined;
  }

  /** Milliseconds from the beginning of the first try to the head of `answering`. */
  latencyMs({ startedAt, headMs = 0 }: Try): number {
    return startedAt + headMs - (this.#first?.startedAt ?? startedAt);
  }
}
