/** Owns the life of one request that is forwarded: what its client sends, what its tries bring, and which of that goes to the client. */
import { IsthmusError } from '../../../core/errors.ts';
import type { Listed } from '../../../core/roster.ts';
import { whyNobody } from '../balance/reason.ts';
import type { Target } from '../balance/types.ts';
import type { Exchange, ExchangeEnd, ExchangeHandler } from '../message/exchange.ts';
import { endsInTrailers, grpcTrailers } from '../message/grpc-status.ts';
import { isGrpc } from '../message/grpc-type.ts';
import { interimFields, trailerFields } from '../message/headers.ts';
import type { FailedTry, Fields, ResponseHead } from '../message/message.ts';
import { turnedAway } from '../message/turned-away.ts';
import type { RefusedLabels } from '../observe/series.ts';
import { deadlineOf } from './forward/deadline.ts';
import type { ForwardingGround } from './forward/ground.ts';
import { type Limited, TimeLimits, type TimeUp } from './forward/time-limits.ts';
import { Tries } from './forward/tries.ts';
import type { Tried, Try } from './forward/try.ts';
import { bodyTooLarge, bodyTooSlow } from './limit.ts';
import { bind } from './pick/affinity.ts';
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
import { saysNothing } from './retry.ts';
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

export class Forwarding implements ExchangeHandler, Limited, Listed, Tried {
  place = -1;
  readonly #ground: ForwardingGround;
  readonly #limits: TimeLimits;
  readonly #record: RequestRecord;
  readonly #tries: Tries;
  #phase: Phase = 'trying';

  constructor(exchange: Exchange, route: Route, ground: ForwardingGround) {
    this.#ground = ground;
    this.#record = new RequestRecord(exchange, route.service, ground);
    this.#limits = new TimeLimits(this, ground.wheel, route.policy.timeouts.idleMs);
    const { trail } = this.#record;
    this.#tries = new Tries(this, route, exchange, ground, this.#limits, trail);
    if (exchange.head.bodyLength === 0) this.#phase = 'waiting';
  }

  get exchange(): Exchange {
    return this.#tries.exchange;
  }

  get route(): Route {
    return this.#tries.route;
  }

  /** Breaks off a request, an answer or a tunnel that is under way. */
  cut(error: IsthmusError): void {
    const isAnswered = this.#isAnswered();
    if (isAnswered && this.#phase !== 'answering' && this.#phase !== 'tunnelling') return;
    this.#tries.cut('abandoned', this.#ground.wheel.refresh());
    if (isAnswered) this.#breakOff(error.code, error);
    else this.#turnAway(error, 'maybe');
  }

  /** `since`: when the request came, in monotonic milliseconds. */
  start(since: number): void {
    const { head } = this.exchange;
    const { deadlineHeader } = this.#tries.route.policy.timeouts;
    this.#tries.isGrpc = isGrpc(head.fields);
    if (head.bodyLength === 'unknown') this.#ground.open.add(this);
    if (this.#tries.isGrpc || deadlineHeader !== '') {
      // Its time runs from its head on: the request may never end before it is answered.
      this.#tries.deadline = deadlineOf(head, this.#tries.isGrpc, deadlineHeader, since);
    }
    if (this.#phase !== 'waiting') {
      this.#forward();
      return;
    }
    const { bodyMs } = this.#ground.limits;
    if (bodyMs > 0) this.#limits.awaitBody(bodyMs);
    this.#limits.schedule();
    this.exchange.read();
  }

  #forward(): void {
    const { balancer, service } = this.#tries.route;
    const { now } = this.#ground.wheel;
    balancer.countRequest(now);
    const endsAt = this.#tries.deadline?.endsAt ?? Infinity;
    if (endsAt <= now) {
      this.#tooLate();
      return;
    }
    const first = this.#tries.next(now);
    if (first === undefined) {
      const shut = balancer.shut();
      if (shut !== undefined) {
        const failure = turnedAway(shut);
        this.#turnAway(new IsthmusError(failure.code, failure), 'no');
        return;
      }
      const isTold = this.#ground.says.tellsDecisions;
      const why = isTold ? whyNobody(balancer.distribution(), this.#tries.localOnly) : '';
      const what = `No endpoint of ${service} can take the request${why}`;
      this.#turnAway(new IsthmusError('NO_HEALTHY_ENDPOINT', { what }), 'no');
      return;
    }
    if (endsAt !== Infinity) this.#limits.awaitAll(endsAt - now);
    this.#tries.startClock();
    this.#tries.begin(first);
  }

  onBody(bytes: Buffer): boolean {
    this.#limits.moved();
    this.#record.requestBytes(bytes.length);
    if (this.#tries.body?.take(bytes) === false) {
      this.#tooLarge();
      return true;
    }
    return this.#tries.write(bytes);
  }

  onBodyEnd(trailers: Fields): void {
    if (this.#phase === 'waiting') {
      this.#limits.leaveBody();
      this.#phase = 'trying';
      this.#forward();
      return;
    }
    if (!this.#isAnswered()) {
      this.#ground.open.delete(this);
      this.#ground.wheel.refresh();
      this.#limits.leaveBody();
      this.#limits.awaitHead(this.#tries.route.policy.timeouts.requestMs);
      this.#limits.schedule();
    }
    this.#tries.end(trailerFields(trailers));
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
    if (status !== 100) return this.exchange.inform(status, interimFields(fields));
    // The body goes on at the pace of whoever reads: nobody else is asked for it.
    if (this.#tries.expectsContinue) this.#tries.askForBody();
    return true;
  }

  onTryResponse(head: ResponseHead): void {
    const { current } = this.#tries;
    if (current === undefined) return;
    const instead = this.#tries.judge(current, head);
    if (instead === undefined) {
      this.#limits.answered();
      if (hasBody(head, this.exchange.head.method)) this.#answer(current, head, false);
      else this.#phase = 'ending';
    } else if ('kind' in instead) this.#tries.follow(instead);
    else this.#failed(instead, current.target);
  }

  onTryBody(bytes: Buffer): boolean {
    this.#limits.moved();
    this.#record.responseBytes(bytes.length);
    return this.exchange.write(bytes);
  }

  onTryEnd(trailers: Fields): void {
    const { current } = this.#tries;
    if (current === undefined) return;
    if (this.#phase === 'tunnelling') {
      this.exchange.end();
      return;
    }
    const { head } = current;
    this.#tries.current = undefined;
    const result = resultOfAnswer(head, this.#tries.isGrpc ? trailers : undefined);
    current.finish(result, this.#ground.wheel.now);
    if (this.#phase === 'ending' && head !== undefined) this.#answer(current, head, true);
    else {
      this.#phase = 'leaving';
      this.exchange.end(trailers.length === 0 ? undefined : trailerFields(trailers));
    }
  }

  onTryFailed(failure: FailedTry): void {
    const { current } = this.#tries;
    if (current === undefined) return;
    const result = resultOfFailure(failure);
    current.finish(saysNothing(failure) ? 'abandoned' : result, this.#ground.wheel.refresh());
    const phase = this.#phase;
    if (phase === 'tunnelling' || (phase === 'answering' && !this.exchange.retract())) {
      this.#tries.current = undefined;
      this.#breakOff('RESPONSE_BROKEN', new IsthmusError(failure.code, failure));
    } else this.#failed(failure, current.target);
  }

  onTryDoubted(): void {
    const { current } = this.#tries;
    if (current === undefined || this.#phase !== 'trying') return;
    const step = this.#tries.aside();
    if (step === undefined) return;
    current.cancel('abandoned', this.#ground.wheel.refresh());
    this.#tries.follow(step);
  }

  onTryWritable(): void {
    this.#limits.moved();
    this.#tries.readOn();
  }

  failedInside(thrown: unknown): void {
    this.#record.failedInside(thrown);
    this.#destroy();
  }

  onTimeUp(up: TimeUp, now: number): void {
    const { current, again } = this.#tries;
    try {
      if (up === 'continue') this.#tries.askForBody();
      else if (up !== 'try') this.#outOfTime(up, now);
      else if (again !== undefined) this.#tries.goOn(again);
      else if (current !== undefined) {
        current.cancel('failed', now);
        this.#failed(lateTry(current.target), current.target);
      }
    } catch (thrown) {
      this.failedInside(thrown);
    }
  }

  /** A try has failed: another one, or the end. */
  #failed(failure: FailedTry, target: Target): void {
    this.#phase = 'trying';
    const step = this.#tries.failed(failure, target);
    if (step.kind === 'try' || step.kind === 'beside') this.#tries.follow(step);
    else {
      const { code, what, cause } = step.kind === 'shut' ? step.failure : failure;
      const said = step.kind === 'over-budget' ? 'RETRY_BUDGET_SPENT' : code;
      this.#turnAway(new IsthmusError(said, { what, cause }), this.#tries.unsent ? 'no' : 'maybe');
    }
  }

  #answer(answering: Try, head: ResponseHead, ends: boolean): void {
    const { target } = answering;
    const { status } = head;
    const isTunnel = grantsTunnel(this.exchange, status);
    if (!isTunnel && isDeclinedOffer(this.exchange, status)) {
      this.#tries.cut('ok', this.#ground.wheel.refresh());
      this.#turnAway(declinedOffer(status), 'maybe');
      return;
    }
    const latencyMs = this.#tries.latencyMs(answering);
    const received = this.#tries.body?.received ?? 0;
    this.#record.answered(this.#tries.route, target, head, latencyMs, received);
    this.#tries.body?.forget();
    this.#tries.settle();
    if (ends) this.#phase = 'leaving';
    else this.#phase = isTunnel ? 'tunnelling' : 'answering';
    if (isTunnel || (!ends && head.bodyLength === 'unknown')) this.#ground.open.add(this);
    this.#limits.schedule();
    const { clock } = this.#ground;
    bind(this.exchange, this.#tries.route, target, head, () => clock.now());
    passOn(this.exchange, this.#ground.says, target, head, ends);
    if (isTunnel) this.exchange.read();
    // One that begins a good answer unasked may still read; what is answered otherwise has been judged by its head.
    else if (this.#tries.expectsContinue && !ends && status < 300) this.#tries.askForBody();
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
    } else if (up === 'all' && unsent && again !== undefined) this.#tooLate();
    else {
      const error = new IsthmusError('UPSTREAM_TIMED_OUT', { what: lateTry(target).what });
      this.#turnAway(error, unsent && again !== undefined ? 'no' : 'maybe');
    }
  }

  /** Its client waits no more, and nobody has got the request. */
  #tooLate(): void {
    const { service } = this.#tries.route;
    const what = `The time that the client gave a request for ${service} was over before it was sent`;
    this.#turnAway(new IsthmusError('DEADLINE_EXCEEDED', { what }), 'no');
  }

  #tooLarge(): void {
    const error = bodyTooLarge(this.#ground.limits.maxBodyBytes);
    this.#tries.cut('abandoned', this.#ground.wheel.refresh());
    if (!this.#isAnswered()) this.#turnAway(error, 'maybe');
    else this.#breakOff(error.code, error);
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
    this.#tries.body?.forget();
    this.#tries.settle();
    this.#limits.answered();
    this.#limits.schedule();
    refuse(this.exchange, error, sent);
  }

  /** Breaks an answer that has begun, never ends it as if it were whole; only gRPC has words for one that is not. */
  #breakOff(counted: RefusedLabels['code'], error: IsthmusError): void {
    this.#record.brokeOff(counted);
    if (this.#phase !== 'answering' || !endsInTrailers(this.exchange)) {
      this.#destroy();
      return;
    }
    this.#phase = 'leaving';
    this.#limits.awaitAll(Infinity);
    this.#limits.moved();
    this.#limits.schedule();
    this.exchange.end(grpcTrailers(error));
  }

  #destroy(): void {
    if (this.#phase === 'over') return;
    this.#tries.cut('abandoned', this.#ground.wheel.refresh());
    this.#end();
    this.exchange.destroy();
    this.#record.over();
  }

  #end(): void {
    this.#phase = 'over';
    this.#ground.open.delete(this);
    this.#tries.current = undefined;
    this.#tries.settle();
    this.#limits.end();
    this.#record.left();
  }
}
