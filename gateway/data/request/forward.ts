/** Owns the life of one request that is forwarded: what its client sends, what its tries bring, and what follows from that. */
import { IsthmusError } from '../../../core/errors.ts';
import { whyNobody } from '../balance/reason.ts';
import type { Target } from '../balance/types.ts';
import type { ExchangeEnd, ExchangeHandler } from '../message/exchange.ts';
import { isGrpc } from '../message/grpc-type.ts';
import { interimFields, trailerFields } from '../message/headers.ts';
import type { FailedTry, Fields, ResponseHead } from '../message/message.ts';
import { turnedAway } from '../message/turned-away.ts';
import { ClientSide } from './forward/client-side.ts';
import { deadlineOf } from './forward/deadline.ts';
import type { TimeUp } from './forward/time-limits.ts';
import { hasBody } from './respond.ts';
import { lateTry, resultOfAnswer, resultOfFailure } from './retry/outcome.ts';
import { saysNothing } from './retry.ts';

export class Forwarding extends ClientSide implements ExchangeHandler {
  /** `since`: when the request came, in monotonic milliseconds. */
  start(since: number): void {
    const { head } = this.exchange;
    const { deadlineHeader } = this.tries.route.policy.timeouts;
    this.tries.isGrpc = isGrpc(head.fields);
    if (head.bodyLength === 'unknown') this.ground.open.add(this);
    if (this.tries.isGrpc || deadlineHeader !== '') {
      // Its time runs from its head on: the request may never end before it is answered.
      this.tries.deadline = deadlineOf(head, this.tries.isGrpc, deadlineHeader, since);
    }
    if (this.phase !== 'waiting') {
      this.#forward();
      return;
    }
    const { bodyMs } = this.ground.limits;
    if (bodyMs > 0) this.limits.awaitBody(bodyMs);
    this.limits.schedule();
    this.exchange.read();
  }

  #forward(): void {
    const { balancer, service } = this.tries.route;
    const { now } = this.ground.wheel;
    balancer.countRequest(now);
    const endsAt = this.tries.deadline?.endsAt ?? Infinity;
    if (endsAt <= now) {
      this.tooLate();
      return;
    }
    const first = this.tries.next(now);
    if (first === undefined) {
      const shut = balancer.shut();
      if (shut !== undefined) {
        const failure = turnedAway(shut);
        this.turnAway(new IsthmusError(failure.code, failure), 'no');
        return;
      }
      const isTold = this.ground.says.tellsDecisions;
      const why = isTold ? whyNobody(balancer.distribution(), this.tries.localOnly) : '';
      const what = `No endpoint of ${service} can take the request${why}`;
      this.turnAway(new IsthmusError('NO_HEALTHY_ENDPOINT', { what }), 'no');
      return;
    }
    if (endsAt !== Infinity) this.limits.awaitAll(endsAt - now);
    this.tries.startClock();
    this.tries.begin(first);
  }

  onBody(bytes: Buffer): boolean {
    this.limits.moved();
    this.record.requestBytes(bytes.length);
    if (this.tries.body?.take(bytes) === false) {
      this.tooLarge();
      return true;
    }
    return this.tries.write(bytes);
  }

  onBodyEnd(trailers: Fields): void {
    if (this.phase === 'waiting') {
      this.limits.leaveBody();
      this.phase = 'trying';
      this.#forward();
      return;
    }
    if (!this.isAnswered()) {
      this.ground.open.delete(this);
      this.ground.wheel.refresh();
      this.limits.leaveBody();
      this.limits.awaitHead(this.tries.route.policy.timeouts.requestMs);
      this.limits.schedule();
    }
    this.tries.end(trailerFields(trailers));
  }

  onWritable(): void {
    this.limits.moved();
    this.tries.current?.call.read();
  }

  onOver(how: ExchangeEnd): void {
    const { wheel } = this.ground;
    const { current } = this.tries;
    this.end();
    if (how === 'sent') {
      // A tunnel whose two directions have ended: the last octets may still be on their way.
      current?.finish('ok', wheel.now);
    } else {
      if (how === 'refused') this.record.unreadable();
      else this.record.brokeOff('CLIENT_GONE');
      current?.cancel('abandoned', wheel.refresh());
    }
    this.record.over();
  }

  onTryInterim(status: number, fields: Fields): boolean {
    if (status !== 100) return this.exchange.inform(status, interimFields(fields));
    // The body goes on at the pace of whoever reads: nobody else is asked for it.
    if (this.tries.expectsContinue) this.tries.askForBody();
    return true;
  }

  onTryResponse(head: ResponseHead): void {
    const { current } = this.tries;
    if (current === undefined) return;
    const instead = this.tries.judge(current, head);
    if (instead === undefined) {
      this.limits.answered();
      if (hasBody(head, this.exchange.head.method)) this.answer(current, head, false);
      else this.phase = 'ending';
    } else if ('kind' in instead) this.tries.follow(instead);
    else this.#failed(instead, current.target);
  }

  onTryBody(bytes: Buffer): boolean {
    this.limits.moved();
    this.record.responseBytes(bytes.length);
    return this.exchange.write(bytes);
  }

  onTryEnd(trailers: Fields): void {
    const { current } = this.tries;
    if (current === undefined) return;
    if (this.phase === 'tunnelling') {
      this.exchange.end();
      return;
    }
    const { head } = current;
    this.tries.current = undefined;
    const result = resultOfAnswer(head, this.tries.isGrpc ? trailers : undefined);
    current.finish(result, this.ground.wheel.now);
    if (this.phase === 'ending' && head !== undefined) this.answer(current, head, true);
    else {
      this.phase = 'leaving';
      this.exchange.end(trailers.length === 0 ? undefined : trailerFields(trailers));
    }
  }

  onTryFailed(failure: FailedTry): void {
    const { current } = this.tries;
    if (current === undefined) return;
    const result = resultOfFailure(failure);
    current.finish(saysNothing(failure) ? 'abandoned' : result, this.ground.wheel.refresh());
    const phase = this.phase;
    if (phase === 'tunnelling' || (phase === 'answering' && !this.exchange.retract())) {
      this.tries.current = undefined;
      this.breakOff('RESPONSE_BROKEN', new IsthmusError(failure.code, failure));
    } else this.#failed(failure, current.target);
  }

  onTryDoubted(): void {
    const { current } = this.tries;
    if (current === undefined || this.phase !== 'trying') return;
    const step = this.tries.aside();
    if (step === undefined) return;
    current.cancel('abandoned', this.ground.wheel.refresh());
    this.tries.follow(step);
  }

  onTryWritable(): void {
    this.limits.moved();
    this.tries.readOn();
  }

  onTimeUp(up: TimeUp, now: number): void {
    const { current, again } = this.tries;
    try {
      if (up === 'continue') this.tries.askForBody();
      else if (up !== 'try') this.outOfTime(up, now);
      else if (again !== undefined) this.tries.goOn(again);
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
    this.phase = 'trying';
    const step = this.tries.failed(failure, target);
    if (step.kind === 'try' || step.kind === 'beside') this.tries.follow(step);
    else {
      const { code, what, cause } = step.kind === 'shut' ? step.failure : failure;
      const said = step.kind === 'over-budget' ? 'RETRY_BUDGET_SPENT' : code;
      this.turnAway(new IsthmusError(said, { what, cause }), this.tries.unsent ? 'no' : 'maybe');
    }
  }
}
