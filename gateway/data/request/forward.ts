/** Owns the tries of one request: their targets, their time limits, and which of their answers goes to the client. */
import { type BackoffPolicy, backoffDelay } from '../../../core/backoff.ts';
import { IsthmusError } from '../../../core/errors.ts';
import { Timed } from '../../../core/timing-wheel.ts';
import { whyNobody } from '../balance/reason.ts';
import type { Target, TryResult } from '../balance/types.ts';
import type { Exchange, ExchangeEnd, ExchangeHandler } from '../message/exchange.ts';
import { failureIn } from '../message/gateway-answer.ts';
import { endsInTrailers, grpcTrailers, isGrpc } from '../message/grpc-status.ts';
import { grpcTimeoutMs } from '../message/grpc-timeout.ts';
import { interimFields, trailerFields } from '../message/headers.ts';
import type { FailedTry, Fields, OutgoingRequest, ResponseHead } from '../message/message.ts';
import type { RefusedLabels } from '../observe/series.ts';
import type { ForwardingGround } from './forward/ground.ts';
import { RequestBody } from './forward/request-body.ts';
import { RequestFields } from './forward/request-fields.ts';
import { outgoingRequest, send } from './forward/send.ts';
import { TimeLimits, type TimeUp } from './forward/time-limits.ts';
import { type Tried, Try } from './forward/try.ts';
import { bodyTooLarge, bodyTooSlow } from './limit.ts';
import { Picks } from './pick.ts';
import { RequestRecord } from './record.ts';
import { refuse } from './respond/refuse.ts';
import {
  declinedOffer,
  endlessAnswer,
  grantsTunnel,
  hasBody,
  isDeclinedOffer,
  passOn,
} from './respond.ts';
import { lateTry, resultOf, resultOfAnswer, resultOfFailure } from './retry/outcome.ts';
import { isFinal, nextStep, type Step, stepAside, type TryEnd, type TryStep } from './retry.ts';
import type { Route } from './route/route-table.ts';

type Phase =
  /** The request announces no content, and has not come to its end: sent on, it would be whole. */
  | 'waiting'
  /** A try is under way; nothing was said to the client. */
  | 'trying'
  /** Until the same target is tried again, there being no other. */
  | 'backing-off'
  /** The response is all here but for its end, with which its head goes on. */
  | 'ending'
  /** The response flows, or the tunnel does. */
  | 'answering'
  /** The client was told everything, and takes what is left of it. */
  | 'leaving'
  | 'over';

/** Between two tries of the same target. */
const sameTargetBackoff: BackoffPolicy = { baseMs: 20, maxMs: 250 };

export class Forwarding extends Timed implements ExchangeHandler, Tried {
  readonly #exchange: Exchange;
  readonly #route: Route;
  readonly #ground: ForwardingGround;
  /** The request as it is sent; once its body was asked for, it does not expect that any more. */
  #request: OutgoingRequest;
  readonly #picks: Picks;
  readonly #limits: TimeLimits;
  readonly #record: RequestRecord;
  /** Absent where there is none; a tunnel's octets are not kept. */
  readonly #body: RequestBody | undefined;
  #phase: Phase = 'trying';
  #try: Try | undefined;
  #first: Try | undefined;
  /** While `ending`. */
  #head: ResponseHead | undefined;
  /** While `backing-off`. */
  #again: { readonly target: Target; readonly at: number } | undefined;
  #isTunnel = false;
  #isGrpc = false;

  constructor(exchange: Exchange, route: Route, ground: ForwardingGround) {
    super();
    const { head } = exchange;
    const { bodyLength, tunnel } = head;
    this.#exchange = exchange;
    this.#route = route;
    this.#ground = ground;
    const { says, ids, observer } = ground;
    this.#record = new RequestRecord(exchange, route.service, ground);
    const { trail } = this.#record;
    const fields = new RequestFields(exchange, route.service, says, ids, trail, observer);
    const expectsContinue = head.expectsContinue && route.policy.timeouts.continueMs > 0;
    const isEmpty = bodyLength === 0;
    if (isEmpty) this.#phase = 'waiting';
    this.#request = outgoingRequest(head, fields, expectsContinue);
    this.#picks = new Picks(route, exchange);
    this.#limits = new TimeLimits(route.policy.timeouts.idleMs, ground.wheel.now);
    const hasBody = bodyLength !== 'none' && !isEmpty && tunnel === undefined;
    this.#body = hasBody ? new RequestBody() : undefined;
  }

  start(): void {
    if (this.#phase !== 'waiting') {
      this.#forward();
      return;
    }
    const { bodyMs } = this.#ground.limits;
    if (bodyMs > 0) this.#limits.awaitBody(bodyMs, this.#ground.wheel.now);
    this.#schedule();
    this.#exchange.read();
  }

  #forward(): void {
    const { balancer, policy, service } = this.#route;
    const { timeouts } = policy;
    const { fields } = this.#exchange.head;
    const { now } = this.#ground.wheel;
    balancer.countRequest(now);
    const first = this.#picks.next(now);
    if (first === undefined) {
      const isTold = this.#ground.says.tellsDecisions;
      const why = isTold ? whyNobody(balancer.distribution(), this.#picks.localOnly) : '';
      const what = `No endpoint of ${service} can take the request${why}`;
      this.#turnAway(new IsthmusError('NO_HEALTHY_ENDPOINT', { what }), 'no');
      return;
    }
    // The time of a call of gRPC runs from its head on: it may never end before it is answered.
    this.#isGrpc = isGrpc(fields);
    const grpcMs = this.#isGrpc ? grpcTimeoutMs(fields) : undefined;
    if (grpcMs !== undefined) this.#limits.awaitAll(grpcMs, now);
    if (this.#body === undefined) this.#limits.awaitHead(timeouts.requestMs, now);
    else if (!this.#request.expectsContinue) this.#awaitBody();
    this.#begin(first);
  }

  onBody(bytes: Buffer): boolean {
    this.#moved();
    this.#record.requestBytes(bytes.length);
    if (this.#body !== undefined && !this.#taken(this.#body, bytes)) return true;
    if (this.#try === undefined) return this.#phase !== 'backing-off';
    const goesOn = this.#try.call.write(bytes);
    if (!goesOn) this.#limits.awaitBody(Infinity, 0);
    return goesOn;
  }

  onBodyEnd(trailers: Fields): void {
    if (this.#phase === 'waiting') {
      this.#limits.awaitBody(Infinity, 0);
      this.#phase = 'trying';
      this.#forward();
      return;
    }
    const passed = trailerFields(trailers);
    this.#body?.finish(passed);
    if (!this.#isAnswered()) {
      this.#limits.awaitBody(Infinity, 0);
      this.#limits.awaitHead(this.#route.policy.timeouts.requestMs, this.#ground.wheel.refresh());
      this.#schedule();
    }
    this.#try?.call.end(passed);
  }

  onWritable(): void {
    this.#moved();
    this.#try?.call.read();
  }

  onOver(how: ExchangeEnd): void {
    const { wheel } = this.#ground;
    const current = this.#try;
    this.#end();
    if (how === 'sent') {
      // A tunnel whose two directions have ended: the last octets may still be on their way.
      current?.finish('ok', wheel.now);
    } else {
      if (how === 'refused') this.#record.unreadable();
      else this.#record.brokeOff('CLIENT_GONE');
      current?.cancel('abandoned', wheel.refresh());
    }
    this.#record.over();
  }

  onTryInterim(status: number, fields: Fields): boolean {
    if (status !== 100) return this.#exchange.inform(status, interimFields(fields));
    // The body goes on at the pace of whoever reads: nobody else is asked for it.
    if (this.#request.expectsContinue) this.#goOn();
    return true;
  }

  onTryResponse(head: ResponseHead): void {
    const current = this.#try;
    if (current === undefined) return;
    const { target } = current;
    const now = this.#ground.wheel.refresh();
    current.headMs = now - current.startedAt;
    const failure = target.kind === 'cluster' ? failureIn(head, target.cluster) : undefined;
    if (failure !== undefined) {
      // Where one of its endpoints failed it, that is the cluster's answer, and no sign that it can't be reached.
      const result = failure.sent === 'no' ? 'unsent' : 'gateway-error';
      current.cancel(isFinal(failure.code) ? 'abandoned' : result, now);
      this.#failed(failure, target);
      return;
    }
    if (this.#route.policy.balance.retry.statuses.includes(head.status)) {
      this.#picks.unsent = false;
      const step = this.#nextStep({ kind: 'response', status: head.status }, target);
      if (step.kind === 'try') {
        current.cancel(resultOf(head.status), now);
        this.#go(step);
        return;
      }
    }
    this.#limits.answered(now);
    if (hasBody(head, this.#request.method)) this.#answer(current, head, false);
    else {
      this.#phase = 'ending';
      this.#head = head;
    }
  }

  onTryBody(bytes: Buffer): boolean {
    this.#moved();
    this.#record.responseBytes(bytes.length);
    return this.#exchange.write(bytes);
  }

  onTryEnd(trailers: Fields): void {
    const current = this.#try;
    if (current === undefined) return;
    if (this.#isTunnel) {
      this.#exchange.end();
      return;
    }
    this.#try = undefined;
    const result = resultOfAnswer(current.head, this.#isGrpc ? trailers : undefined);
    current.finish(result, this.#ground.wheel.now);
    if (this.#head !== undefined) this.#answer(current, this.#head, true);
    else {
      this.#phase = 'leaving';
      this.#exchange.end(trailers.length === 0 ? undefined : trailerFields(trailers));
    }
  }

  onTryFailed(failure: FailedTry): void {
    const current = this.#try;
    if (current === undefined) return;
    const { wheel } = this.#ground;
    const result = resultOfFailure(failure);
    const saysNothing = isFinal(failure.code) || failure.isStale;
    current.finish(saysNothing ? 'abandoned' : result, wheel.refresh());
    if (this.#phase === 'answering' && (this.#isTunnel || !this.#exchange.retract())) {
      this.#try = undefined;
      this.#breakOff('RESPONSE_BROKEN', new IsthmusError(failure.code, failure));
    } else this.#failed(failure, current.target);
  }

  onTryDoubted(): void {
    const current = this.#try;
    if (current === undefined || this.#phase !== 'trying') return;
    const step = stepAside(this.#picks, this.#body?.replayable ?? true);
    if (step === undefined) return;
    this.#picks.unsent = false;
    current.cancel('abandoned', this.#ground.wheel.refresh());
    this.#go(step);
  }

  onTryWritable(): void {
    this.#moved();
    if (this.#request.expectsContinue) {
      this.#awaitContinue();
      return;
    }
    this.#awaitBody();
    this.#exchange.read();
  }

  failedInside(thrown: unknown): void {
    this.#record.failedInside(thrown);
    this.#destroy();
  }

  override onDue(): void {
    const { now } = this.#ground.wheel;
    const up = this.#limits.up(now);
    try {
      if (up === 'try') this.#tryTimedOut(now);
      else if (up === 'continue') this.#goOn();
      else if (up !== undefined) this.#outOfTime(up, now);
      else if (this.#again !== undefined && now >= this.#again.at) this.#begin(this.#again.target);
      else this.#schedule();
    } catch (thrown) {
      this.failedInside(thrown);
    }
  }

  #begin(target: Target): void {
    const { wheel } = this.#ground;
    const { balancer, policy } = this.#route;
    const { trail } = this.#record;
    const { now } = wheel;
    this.#phase = 'trying';
    this.#again = undefined;
    this.#picks.began(target);
    this.#limits.awaitTry(policy.timeouts.perTryMs, now);
    this.#schedule();
    const current = new Try(this, balancer, target, now, trail);
    this.#try = current;
    this.#first ??= current;
    const request = trail?.tried(target, this.#request) ?? this.#request;
    current.call = send(this.#ground, this.#route, this.#exchange, current, request);
    if (this.#body === undefined) return;
    if (this.#request.expectsContinue) {
      if (current.call.isReady) this.#awaitContinue();
      return;
    }
    if (this.#body.replayTo(current.call)) this.#exchange.read();
    // The client has no pace to keep while nothing of it is read.
    else this.#limits.awaitBody(Infinity, 0);
  }

  /** The head is on its way: the other side may ask for the body. */
  #awaitContinue(): void {
    const { continueMs } = this.#route.policy.timeouts;
    this.#limits.awaitContinue(continueMs, this.#ground.wheel.refresh());
    this.#schedule();
  }

  /** The body is wanted: the other side has said so, or has said nothing for long enough (RFC 9110 section 10.1.1). */
  #goOn(): void {
    this.#request = { ...this.#request, expectsContinue: false };
    this.#limits.awaitContinue(Infinity, 0);
    this.#awaitBody();
    this.#schedule();
    // Where no connection stands yet, it says when.
    if (this.#try?.call.isReady !== false) this.#exchange.read();
  }

  /** A try has failed: another one, or the end. */
  #failed(failure: FailedTry, target: Target): void {
    this.#try = undefined;
    this.#head = undefined;
    this.#phase = 'trying';
    this.#picks.unsent &&= failure.sent === 'no';
    const step = this.#nextStep({ kind: 'failed', ...failure }, target);
    if (step.kind === 'try') this.#go(step);
    else {
      const { code, what, cause } = failure;
      const said = step.kind === 'over-budget' ? 'RETRY_BUDGET_SPENT' : code;
      this.#turnAway(new IsthmusError(said, { what, cause }), this.#picks.unsent ? 'no' : 'maybe');
    }
  }

  #nextStep(end: TryEnd, tried: Target): Step {
    return nextStep(this.#picks, this.#body?.replayable ?? true, end, tried);
  }

  #go({ target, reason, isAtOnce }: TryStep): void {
    this.#ground.recorder.retried(this.#route.service, reason);
    this.#try = undefined;
    this.#limits.awaitContinue(Infinity, 0);
    if (isAtOnce || !this.#picks.hasTried(target)) {
      this.#begin(target);
      return;
    }
    const { wheel, random } = this.#ground;
    const delayMs = backoffDelay(sameTargetBackoff, this.#picks.tries - 1, random);
    this.#phase = 'backing-off';
    this.#again = { target, at: wheel.now + delayMs };
    this.#schedule();
  }

  #answer({ target, startedAt, headMs = 0 }: Try, head: ResponseHead, ends: boolean): void {
    const { status } = head;
    this.#isTunnel = grantsTunnel(this.#exchange, status);
    if (!this.#isTunnel && isDeclinedOffer(this.#exchange, status)) {
      this.#cut('ok');
      this.#turnAway(declinedOffer(status), 'maybe');
      return;
    }
    const latencyMs = startedAt + headMs - (this.#first?.startedAt ?? startedAt);
    this.#record.answered(this.#route, target, head, latencyMs, this.#body?.received ?? 0);
    this.#body?.forget();
    this.#phase = ends ? 'leaving' : 'answering';
    this.#schedule();
    passOn(this.#exchange, this.#ground.says, target, head, ends);
    if (this.#isTunnel) this.#exchange.read();
    // One that begins a good answer unasked may still read; what is answered otherwise has been judged by its head.
    else if (this.#request.expectsContinue && !ends && status < 300) this.#goOn();
  }

  #tryTimedOut(now: number): void {
    const current = this.#try;
    if (current === undefined) return;
    current.cancel('failed', now);
    this.#failed(lateTry(current.target), current.target);
  }

  #outOfTime(up: TimeUp, now: number): void {
    const target = this.#try?.target ?? this.#again?.target;
    const isAnswered = this.#isAnswered();
    const isUnsent = this.#picks.unsent && this.#phase === 'backing-off';
    this.#cut(isAnswered || up === 'body' ? 'abandoned' : 'failed', now);
    if (!isAnswered && up === 'body') {
      this.#turnAway(bodyTooSlow(this.#ground.limits.bodyMs), 'maybe');
    } else if (isAnswered || target === undefined) {
      this.#breakOff('RESPONSE_BROKEN', endlessAnswer());
    } else {
      const { what } = lateTry(target);
      this.#turnAway(new IsthmusError('UPSTREAM_TIMED_OUT', { what }), isUnsent ? 'no' : 'maybe');
    }
  }

  /** False: that was too much, and it is refused. */
  #taken(body: RequestBody, bytes: Buffer): boolean {
    if (body.take(bytes) && !this.#isAnswered()) this.#awaitBody();
    const { maxBodyBytes } = this.#ground.limits;
    if (maxBodyBytes === 0 || body.received <= maxBodyBytes) return true;
    const error = bodyTooLarge(maxBodyBytes);
    this.#cut('abandoned');
    if (!this.#isAnswered()) this.#turnAway(error, 'maybe');
    else this.#breakOff(error.code, error);
    return false;
  }

  /** Only what announces its length has to keep a pace: others may have nothing to say for a while. */
  #awaitBody(): void {
    const { limits, wheel } = this.#ground;
    const isDue = typeof this.#request.bodyLength === 'number' && this.#body?.isWhole === false;
    if (!isDue || limits.bodyMs === 0 || this.#isAnswered()) return;
    this.#limits.awaitBody(limits.bodyMs, wheel.now);
    this.#schedule();
  }

  #isAnswered(): boolean {
    return this.#phase === 'answering' || this.#phase === 'leaving' || this.#phase === 'over';
  }

  /** Answers instead of the service. */
  #turnAway(error: IsthmusError, sent: 'no' | 'maybe'): void {
    this.#record.turnedAway(error);
    this.#phase = 'leaving';
    this.#limits.answered(this.#ground.wheel.now);
    this.#schedule();
    refuse(this.#exchange, error, sent);
  }

  /** Breaks an answer that has begun, never ends it as if it were whole; only gRPC has words for one that is not. */
  #breakOff(counted: RefusedLabels['code'], error: IsthmusError): void {
    this.#record.brokeOff(counted);
    if (this.#phase !== 'answering' || !endsInTrailers(this.#exchange)) {
      this.#destroy();
      return;
    }
    const { now } = this.#ground.wheel;
    this.#phase = 'leaving';
    this.#limits.awaitAll(Infinity, now);
    this.#limits.moved(now);
    this.#schedule();
    this.#exchange.end(grpcTrailers(error));
  }

  /** Gives up the try under way. */
  #cut(result: TryResult, now = this.#ground.wheel.refresh()): void {
    this.#try?.cancel(result, now);
    this.#try = undefined;
  }

  #destroy(): void {
    if (this.#phase === 'over') return;
    this.#cut('abandoned');
    this.#end();
    this.#exchange.destroy();
    this.#record.over();
  }

  #end(): void {
    this.#phase = 'over';
    this.#try = undefined;
    this.#ground.wheel.cancel(this);
    this.#record.left();
  }

  #moved(): void {
    this.#limits.moved(this.#ground.wheel.now);
  }

  #schedule(): void {
    if (this.#phase === 'over') return;
    const dueAt = Math.min(this.#limits.next(), this.#again?.at ?? Infinity);
    this.#ground.wheel.set(this, dueAt);
  }
}
