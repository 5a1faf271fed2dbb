/** Owns the life of one request that is forwarded: what its client sends, what its tries bring, and which of that goes to the client. */
import { IsthmusError } from '../../../core/errors.ts';
import { whyNobody } from '../balance/reason.ts';
import type { Target } from '../balance/types.ts';
import type { Exchange, ExchangeEnd, ExchangeHandler } from '../message/exchange.ts';
import { endsInTrailers, grpcTrailers, isGrpc } from '../message/grpc-status.ts';
import { grpcTimeoutMs } from '../message/grpc-timeout.ts';
import { interimFields, trailerFields } from '../message/headers.ts';
import type { FailedTry, Fields, OutgoingRequest, ResponseHead } from '../message/message.ts';
import type { RefusedLabels } from '../observe/series.ts';
import type { ForwardingGround } from './forward/ground.ts';
import { RequestBody } from './forward/request-body.ts';
import { RequestFields } from './forward/request-fields.ts';
import { outgoingRequest } from './forward/send.ts';
import { type Limited, TimeLimits, type TimeUp } from './forward/time-limits.ts';
import { Tries } from './forward/tries.ts';
import type { Tried, Try } from './forward/try.ts';
import { bodyTooLarge, bodyTooSlow } from './limit.ts';
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
import { lateTry, resultOfAnswer, resultOfFailure } from './retry/outcome.ts';
import { isFinal, type TryStep } from './retry.ts';
import type { Route } from './route/route-table.ts';

type Phase =
  /** The request announces no content, and has not come to its end: sent on, it would be whole. */
  | 'waiting'
  /** A try is under way, or the same target is to be tried again after a pause; nothing was said to the client. */
  | 'trying'
  /** The response is all here but for its end, with which its head goes on. */
  | 'ending'
  /** The response flows. */
  | 'answering'
  /** Octets flow both ways, each direction to its own end. */
  | 'tunnelling'
  /** The client was told everything, and takes what is left of it. */
  | 'leaving'
  | 'over';

export class Forwarding implements ExchangeHandler, Limited, Tried {
  readonly #ground: ForwardingGround;
  readonly #limits: TimeLimits;
  readonly #record: RequestRecord;
  readonly #tries: Tries;
  /** Absent where there is none; a tunnel's octets are not kept. */
  readonly #body: RequestBody | undefined;
  /** The request as it is sent; once its body was asked for, it does not expect that any more. */
  #request: OutgoingRequest;
  #phase: Phase = 'trying';
  #isGrpc = false;

  constructor(exchange: Exchange, route: Route, ground: ForwardingGround) {
    const { head } = exchange;
    const { bodyLength, tunnel } = head;
    const { says, ids, observer, wheel } = ground;
    const { timeouts } = route.policy;
    this.#ground = ground;
    this.#record = new RequestRecord(exchange, route.service, ground);
    const { trail } = this.#record;
    const fields = new RequestFields(exchange, route.service, says, ids, trail, observer);
    const expectsContinue = head.expectsContinue && timeouts.continueMs > 0;
    const isEmpty = bodyLength === 0;
    if (isEmpty) this.#phase = 'waiting';
    this.#request = outgoingRequest(head, fields, expectsContinue);
    this.#limits = new TimeLimits(this, wheel, timeouts.idleMs);
    this.#tries = new Tries(this, route, exchange, ground, this.#limits, trail);
    const hasBody = bodyLength !== 'none' && !isEmpty && tunnel === undefined;
    this.#body = hasBody ? new RequestBody(ground.limits, this.#limits, bodyLength) : undefined;
  }

  get #exchange(): Exchange {
    return this.#tries.exchange;
  }

  start(): void {
    if (this.#phase !== 'waiting') {
      this.#forward();
      return;
    }
    const { bodyMs } = this.#ground.limits;
    if (bodyMs > 0) this.#limits.awaitBody(bodyMs);
    this.#limits.schedule();
    this.#exchange.read();
  }

  #forward(): void {
    const { balancer, policy, service } = this.#tries.route;
    const { fields } = this.#exchange.head;
    const { now } = this.#ground.wheel;
    balancer.countRequest(now);
    const first = this.#tries.next(now);
    if (first === undefined) {
      const isTold = this.#ground.says.tellsDecisions;
      const why = isTold ? whyNobody(balancer.distribution(), this.#tries.localOnly) : '';
      const what = `No endpoint of ${service} can take the request${why}`;
      this.#turnAway(new IsthmusError('NO_HEALTHY_ENDPOINT', { what }), 'no');
      return;
    }
    // The time of a call of gRPC runs from its head on: it may never end before it is answered.
    this.#isGrpc = isGrpc(fields);
    const grpcMs = this.#isGrpc ? grpcTimeoutMs(fields) : undefined;
    if (grpcMs !== undefined) this.#limits.awaitAll(grpcMs);
    if (this.#body === undefined) this.#limits.awaitHead(policy.timeouts.requestMs);
    else if (!this.#request.expectsContinue) this.#body.awaitMore();
    this.#begin(first);
  }

  onBody(bytes: Buffer): boolean {
    this.#limits.moved();
    this.#record.requestBytes(bytes.length);
    if (this.#body?.take(bytes) === false) {
      this.#tooLarge();
      return true;
    }
    const { current, again } = this.#tries;
    if (current === undefined) return again === undefined;
    const goesOn = current.call.write(bytes);
    if (!goesOn) this.#limits.leaveBody();
    return goesOn;
  }

  onBodyEnd(trailers: Fields): void {
    if (this.#phase === 'waiting') {
      this.#limits.leaveBody();
      this.#phase = 'trying';
      this.#forward();
      return;
    }
    const passed = trailerFields(trailers);
    this.#body?.finish(passed);
    if (!this.#isAnswered()) {
      this.#ground.wheel.refresh();
      this.#limits.leaveBody();
      this.#limits.awaitHead(this.#tries.route.policy.timeouts.requestMs);
      this.#limits.schedule();
    }
    this.#tries.current?.call.end(passed);
  }

  onWritable(): void {
    this.#limits.moved();
    this.#tries.current?.call.read();
  }

  onOver(how: ExchangeEnd): void {
    const { wheel } = this.#ground;
    const { current } = this.#tries;
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
    const { current } = this.#tries;
    if (current === undefined) return;
    const instead = this.#tries.judge(current, head, this.#isReplayable());
    if (instead === undefined) {
      this.#limits.answered();
      if (hasBody(head, this.#request.method)) this.#answer(current, head, false);
      else this.#phase = 'ending';
    } else if ('target' in instead) this.#retry(instead);
    else this.#failed(instead, current.target);
  }

  onTryBody(bytes: Buffer): boolean {
    this.#limits.moved();
    this.#record.responseBytes(bytes.length);
    return this.#exchange.write(bytes);
  }

  onTryEnd(trailers: Fields): void {
    const { current } = this.#tries;
    if (current === undefined) return;
    if (this.#phase === 'tunnelling') {
      this.#exchange.end();
      return;
    }
    const { head } = current;
    this.#tries.current = undefined;
    const result = resultOfAnswer(head, this.#isGrpc ? trailers : undefined);
    current.finish(result, this.#ground.wheel.now);
    if (this.#phase === 'ending' && head !== undefined) this.#answer(current, head, true);
    else {
      this.#phase = 'leaving';
      this.#exchange.end(trailers.length === 0 ? undefined : trailerFields(trailers));
    }
  }

  onTryFailed(failure: FailedTry): void {
    const { current } = this.#tries;
    if (current === undefined) return;
    const result = resultOfFailure(failure);
    const saysNothing = isFinal(failure.code) || failure.isStale;
    current.finish(saysNothing ? 'abandoned' : result, this.#ground.wheel.refresh());
    const phase = this.#phase;
    if (phase === 'tunnelling' || (phase === 'answering' && !this.#exchange.retract())) {
      this.#tries.current = undefined;
      this.#breakOff('RESPONSE_BROKEN', new IsthmusError(failure.code, failure));
    } else this.#failed(failure, current.target);
  }

  onTryDoubted(): void {
    const { current } = this.#tries;
    if (current === undefined || this.#phase !== 'trying') return;
    const step = this.#tries.aside(this.#isReplayable());
    if (step === undefined) return;
    current.cancel('abandoned', this.#ground.wheel.refresh());
    this.#retry(step);
  }

  onTryWritable(): void {
    this.#limits.moved();
    if (this.#request.expectsContinue) {
      this.#awaitContinue();
      return;
    }
    this.#body?.awaitMore();
    this.#exchange.read();
  }

  failedInside(thrown: unknown): void {
    this.#record.failedInside(thrown);
    this.#destroy();
  }

  onTimeUp(up: TimeUp, now: number): void {
    const { current, again } = this.#tries;
    try {
      if (up === 'continue') this.#goOn();
      else if (up !== 'try') this.#outOfTime(up, now);
      else if (again !== undefined) this.#begin(again);
      else if (current !== undefined) {
        current.cancel('failed', now);
        this.#failed(lateTry(current.target), current.target);
      }
    } catch (thrown) {
      this.failedInside(thrown);
    }
  }

  #begin(target: Target): void {
    this.#phase = 'trying';
    const { call } = this.#tries.begin(target, this.#request);
    if (this.#body === undefined) return;
    if (this.#request.expectsContinue) {
      if (call.isReady) this.#awaitContinue();
      return;
    }
    if (this.#body.replayTo(call)) this.#exchange.read();
    // The client has no pace to keep while nothing of it is read.
    else this.#limits.leaveBody();
  }

  /** The head is on its way: the other side may ask for the body. */
  #awaitContinue(): void {
    this.#ground.wheel.refresh();
    this.#limits.awaitContinue(this.#tries.route.policy.timeouts.continueMs);
    this.#limits.schedule();
  }

  /** The body is wanted: the other side has said so, or has said nothing for long enough (RFC 9110 section 10.1.1). */
  #goOn(): void {
    this.#request = { ...this.#request, expectsContinue: false };
    this.#limits.leaveContinue();
    this.#body?.awaitMore();
    this.#limits.schedule();
    // Where no connection stands yet, it says when.
    if (this.#tries.current?.call.isReady !== false) this.#exchange.read();
  }

  /** A try has failed: another one, or the end. */
  #failed(failure: FailedTry, target: Target): void {
    this.#phase = 'trying';
    const step = this.#tries.failed(failure, target, this.#isReplayable());
    if (step.kind === 'try') this.#retry(step);
    else {
      const { code, what, cause } = failure;
      const said = step.kind === 'over-budget' ? 'RETRY_BUDGET_SPENT' : code;
      this.#turnAway(new IsthmusError(said, { what, cause }), this.#tries.unsent ? 'no' : 'maybe');
    }
  }

  #retry(step: TryStep): void {
    if (this.#tries.goOn(step)) this.#begin(step.target);
  }

  #answer(answering: Try, head: ResponseHead, ends: boolean): void {
    const { target } = answering;
    const { status } = head;
    const isTunnel = grantsTunnel(this.#exchange, status);
    if (!isTunnel && isDeclinedOffer(this.#exchange, status)) {
      this.#tries.cut('ok', this.#ground.wheel.refresh());
      this.#turnAway(declinedOffer(status), 'maybe');
      return;
    }
    const latencyMs = this.#tries.latencyMs(answering);
    const received = this.#body?.received ?? 0;
    this.#record.answered(this.#tries.route, target, head, latencyMs, received);
    this.#body?.forget();
    if (ends) this.#phase = 'leaving';
    else this.#phase = isTunnel ? 'tunnelling' : 'answering';
    this.#limits.schedule();
    passOn(this.#exchange, this.#ground.says, target, head, ends);
    if (isTunnel) this.#exchange.read();
    // One that begins a good answer unasked may still read; what is answered otherwise has been judged by its head.
    else if (this.#request.expectsContinue && !ends && status < 300) this.#goOn();
  }

  #outOfTime(up: TimeUp, now: number): void {
    const { current, again, unsent } = this.#tries;
    const target = current?.target ?? again;
    const isAnswered = this.#isAnswered();
    this.#tries.cut(isAnswered || up === 'body' ? 'abandoned' : 'failed', now);
    if (!isAnswered && up === 'body') {
      this.#turnAway(bodyTooSlow(this.#ground.limits.bodyMs), 'maybe');
    } else if (isAnswered || target === undefined) {
      this.#breakOff('RESPONSE_BROKEN', endlessAnswer());
    } else {
      const error = new IsthmusError('UPSTREAM_TIMED_OUT', { what: lateTry(target).what });
      this.#turnAway(error, unsent && again !== undefined ? 'no' : 'maybe');
    }
  }

  #tooLarge(): void {
    const error = bodyTooLarge(this.#ground.limits.maxBodyBytes);
    this.#tries.cut('abandoned', this.#ground.wheel.refresh());
    if (!this.#isAnswered()) this.#turnAway(error, 'maybe');
    else this.#breakOff(error.code, error);
  }

  #isReplayable(): boolean {
    return this.#body?.replayable ?? true;
  }

  #isAnswered(): boolean {
    switch (this.#phase) {
      case 'waiting':
      case 'trying':
      case 'ending':
        return false;
      default:
        return true;
    }
  }

  /** Answers instead of the service. */
  #turnAway(error: IsthmusError, sent: 'no' | 'maybe'): void {
    this.#record.turnedAway(error);
    this.#phase = 'leaving';
    this.#body?.forget();
    this.#limits.answered();
    this.#limits.schedule();
    refuse(this.#exchange, error, sent);
  }

  /** Breaks an answer that has begun, never ends it as if it were whole; only gRPC has words for one that is not. */
  #breakOff(counted: RefusedLabels['code'], error: IsthmusError): void {
    this.#record.brokeOff(counted);
    if (this.#phase !== 'answering' || !endsInTrailers(this.#exchange)) {
      this.#destroy();
      return;
    }
    this.#phase = 'leaving';
    this.#limits.awaitAll(Infinity);
    this.#limits.moved();
    this.#limits.schedule();
    this.#exchange.end(grpcTrailers(error));
  }

  #destroy(): void {
    if (this.#phase === 'over') return;
    this.#tries.cut('abandoned', this.#ground.wheel.refresh());
    this.#end();
    this.#exchange.destroy();
    this.#record.over();
  }

  #end(): void {
    this.#phase = 'over';
    this.#tries.current = undefined;
    this.#limits.end();
    this.#record.left();
  }
}
