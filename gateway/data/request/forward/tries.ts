/** Owns the tries of one request: the one under way, those beside it, how it is given up, and what follows it. */
import { type BackoffPolicy, backoffDelay } from '../../../../core/backoff.ts';
import type { Target, TryResult } from '../../balance/types.ts';
import type { Exchange } from '../../message/exchange.ts';
import { failureIn } from '../../message/gateway-answer.ts';
import { grpcStatusIn } from '../../message/grpc-status.ts';
import type { FailedTry, Fields, ResponseHead } from '../../message/message.ts';
import type { Trail } from '../../observe/trail.ts';
import { asksForGrpc, namesAnswer } from '../retry/conditions.ts';
import { resultOf } from '../retry/outcome.ts';
import { pauseMs, retryAfterMs } from '../retry/pause.ts';
import { mayRace } from '../retry/verdict.ts';
import {
  type BesideStep,
  nextStep,
  placeBeside,
  type Step,
  saysNothing,
  stepAside,
  type TryStep,
} from '../retry.ts';
import type { Route } from '../route/route-table.ts';
import type { ForwardingGround } from './ground.ts';
import { Hedging } from './hedging.ts';
import { Sendings } from './sendings.ts';
import type { TimeLimits } from './time-limits.ts';
import type { Tried, Try } from './try.ts';

/** Between two tries of the same target, where the policy says none. */
const sameTargetBackoff: BackoffPolicy = { baseMs: 20, maxMs: 250 };

const beside: BesideStep = { kind: 'beside' };

/** What is sent, with what becomes of it: one object, for there is one of it for each request. */
export class Tries extends Sendings {
  /** The try under way. */
  current: Try | undefined = undefined;
  /** The target that is tried again once the pause is over; undefined while there is no pause. */
  again: Target | undefined = undefined;
  readonly #owner: Tried;
  readonly #limits: TimeLimits;
  /** Present where the request may have tries beside each other. */
  readonly #hedging: Hedging | undefined;
  #first: Try | undefined;

  constructor(
    owner: Tried,
    route: Route,
    exchange: Exchange,
    ground: ForwardingGround,
    limits: TimeLimits,
    trail: Trail | undefined,
  ) {
    super(route, exchange, ground, limits, trail);
    const { retry, hedge } = route.policy.balance;
    const { method, tunnel } = exchange.head;
    this.#owner = owner;
    this.#limits = limits;
    const isHedged = hedge.delayMs > 0 && tunnel === undefined && mayRace(method, retry);
    this.#hedging = isHedged ? new Hedging(this, owner, hedge, ground.wheel) : undefined;
  }

  /** Sends the request to `target`, with what has come of its body; the rest is read from the client as the try takes it. */
  begin(target: Target): void {
    this.again = undefined;
    this.#limits.awaitTry(this.route.policy.timeouts.perTryMs);
    this.#limits.schedule();
    const current = this.tryAt(target, this.#owner);
    this.current = current;
    this.#first ??= current;
    this.send(current);
    if (this.body === undefined) return;
    if (this.expectsContinue) {
      if (current.call.isReady) this.readOn();
    } else if (this.body.replayTo(current.call)) this.exchange.read();
    // The client has no pace to keep while nothing of it is read.
    else this.#limits.leaveBody();
  }

  /** The request's first limit begins: for its head where it is whole, else for its body, unless that is to be asked for. */
  startClock(): void {
    if (this.body === undefined) {
      this.#limits.awaitHead(this.route.policy.timeouts.requestMs);
      this.#hedging?.start();
    } else if (!this.expectsContinue) this.body.awaitMore();
  }

  /** Sends a piece of the body to the try under way. False: the client is to be held back. */
  write(bytes: Buffer): boolean {
    const { current } = this;
    if (current === undefined) return this.again === undefined;
    const goesOn = current.call.write(bytes);
    if (!goesOn) this.#limits.leaveBody();
    return goesOn;
  }

  /** The body is whole. */
  end(trailers: Fields): void {
    this.body?.finish(trailers);
    this.current?.call.end(trailers);
    this.#hedging?.start();
  }

  /** The try under way takes more of the body; where that is to be asked for first, the head is on its way and the other side may ask. */
  readOn(): void {
    if (this.expectsContinue) {
      this.ground.wheel.refresh();
      this.#limits.awaitContinue(this.route.policy.timeouts.continueMs);
      this.#limits.schedule();
      return;
    }
    this.body?.awaitMore();
    this.exchange.read();
  }

  /** The body is wanted: the other side has said so, or has said nothing for long enough (RFC 9110 section 10.1.1). */
  askForBody(): void {
    this.leaveExpectation();
    this.#limits.leaveContinue();
    this.body?.awaitMore();
    this.#limits.schedule();
    // Where no connection stands yet, it says when.
    if (this.current?.call.isReady !== false) this.exchange.read();
  }

  /**
   * Judges the try under way by its head. Undefined: it is the answer. Else the try is over, and this is why it has failed, or the one that comes
   * in its place.
   */
  judge(current: Try, head: ResponseHead): FailedTry | TryStep | BesideStep | undefined {
    const step = this.#judged(current, head);
    if (step === undefined) this.#hedging?.stop();
    return step;
  }

  #judged(current: Try, head: ResponseHead): FailedTry | TryStep | BesideStep | undefined {
    const { target } = current;
    const now = this.ground.wheel.refresh();
    current.headMs = now - current.startedAt;
    const failure = target.kind === 'cluster' ? failureIn(head, target.cluster) : undefined;
    if (failure !== undefined) {
      current.cancel(resultOfTold(failure), now);
      return failure;
    }
    const { status, fields } = head;
    if (status < 400 && !this.isGrpc) return undefined;
    const { retry } = this.route.policy.balance;
    const grpcStatus = this.#grpcStatusIn(head);
    if (!namesAnswer(retry, status, grpcStatus) || this.isLate) return undefined;
    this.unsent = false;
    if (this.#hedging?.isRacing) {
      current.cancel(resultOf(status), now);
      return beside;
    }
    const afterMs =
      retry.retryAfterMs > 0
        ? retryAfterMs(fields.get('retry-after'), this.ground.clock.now())
        : undefined;
    const end = { kind: 'response', status, grpcStatus, afterMs } as const;
    const step = nextStep(this, this.replayable, end, target);
    if (step.kind !== 'try') return undefined;
    current.cancel(resultOf(status), now);
    return step;
  }

  /** A try has failed, and is over: what follows. */
  failed(failure: FailedTry, target: Target): Step {
    this.current = undefined;
    this.unsent &&= failure.sent === 'no';
    if (this.isLate) return { kind: 'stop' };
    if (this.#hedging?.isRacing) return beside;
    return nextStep(this, this.replayable, { kind: 'failed', ...failure }, target);
  }

  /** Another try in place of the one under way, which is not heard from; undefined: that is to be waited for. */
  aside(): TryStep | BesideStep | undefined {
    if (this.#hedging?.isRacing) return beside;
    const step = stepAside(this, this.replayable);
    if (step !== undefined) this.unsent = false;
    return step;
  }

  /** Goes on to another try: at once, or after a pause, or to one that is under way already. */
  follow(step: TryStep | BesideStep): void {
    if (step.kind === 'beside') {
      this.#goOnBeside();
      return;
    }
    const { target, reason, isAtOnce, afterMs } = step;
    this.ground.recorder.retried(this.route.service, reason);
    this.current = undefined;
    this.#limits.leaveContinue();
    const pause = isAtOnce ? 0 : (afterMs ?? this.#pauseBefore(target));
    if (pause === 0) {
      this.begin(target);
      return;
    }
    this.again = target;
    this.#limits.pause(pause);
    this.#limits.schedule();
  }

  /** The pause is over: the target that was to be tried then is, unless there is a better one by now. */
  goOn(again: Target): void {
    this.begin(this.next() ?? again);
  }

  #goOnBeside(): void {
    const { perTryMs } = this.route.policy.timeouts;
    const { now } = this.ground.wheel;
    this.current = this.#hedging?.promote();
    if (this.current === undefined || perTryMs === 0) return;
    this.#limits.awaitTry(Math.max(1, perTryMs - (now - this.current.startedAt)));
    this.#limits.schedule();
  }

  get isUnderWay(): boolean {
    return this.current !== undefined && !this.isLate;
  }

  beside(hedging: Tried): Try | undefined {
    const target = placeBeside(this, this.replayable);
    if (target === undefined) return undefined;
    this.unsent = false;
    this.ground.recorder.retried(this.route.service, 'hedge');
    return this.tryAt(target, hedging);
  }

  sendTo(rival: Try): void {
    this.send(rival);
    this.body?.replayTo(rival.call);
  }

  resultBeside(rival: Try, head: ResponseHead): TryResult | undefined {
    const { target } = rival;
    rival.headMs = this.ground.wheel.refresh() - rival.startedAt;
    const failure = target.kind === 'cluster' ? failureIn(head, target.cluster) : undefined;
    if (failure !== undefined) return resultOfTold(failure);
    const { retry } = this.route.policy.balance;
    const isNamed = namesAnswer(retry, head.status, this.#grpcStatusIn(head));
    return isNamed ? resultOf(head.status) : undefined;
  }

  won(rival: Try): void {
    this.current?.cancel('abandoned', this.ground.wheel.now);
    this.current = rival;
  }

  override settle(): void {
    this.#hedging?.stop();
    super.settle();
  }

  /** The status of gRPC that a head says, where the policy asks for it. */
  #grpcStatusIn({ fields }: ResponseHead): number | undefined {
    const isAsked = this.isGrpc && asksForGrpc(this.route.policy.balance.retry);
    return isAsked ? grpcStatusIn(fields, []) : undefined;
  }

  #pauseBefore(target: Target): number {
    const { backoff } = this.route.policy.balance.retry;
    const { random } = this.ground;
    if (backoff.baseMs > 0) return pauseMs(backoff, this.tries, random);
    return this.hasTried(target) ? backoffDelay(sameTargetBackoff, this.tries - 1, random) : 0;
  }

  /** Gives up the try under way, or the next one. `now`: monotonic milliseconds. */
  cut(result: TryResult, now: number): void {
    this.#hedging?.stop(result);
    this.current?.cancel(result, now);
    this.current = undefined;
    this.again = undefined;
  }

  /** Milliseconds from the beginning of the first try to the head of `answering`. */
  latencyMs({ startedAt, headMs = 0 }: Try): number {
    return startedAt + headMs - (this.#first?.startedAt ?? startedAt);
  }
}

/** How a try is over that another cluster's gateway says has failed there. */
function resultOfTold(failure: FailedTry): TryResult {
  if (saysNothing(failure)) return 'abandoned';
  // Where one of its endpoints failed it, that is the cluster's answer, and no sign that it can't be reached.
  return failure.sent === 'no' ? 'unsent' : 'gateway-error';
}
