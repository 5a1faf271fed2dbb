/** Owns what the client of a forwarded request is told, and how far that has come: the answer, an error in its place, or that it breaks off. */
import { IsthmusError } from '../../../../core/errors.ts';
import type { Listed } from '../../../../core/roster.ts';
import type { Exchange } from '../../message/exchange.ts';
import { endsInTrailers, grpcTrailers } from '../../message/grpc-status.ts';
import type { FailedTry, Fields, ResponseHead } from '../../message/message.ts';
import type { RefusedLabels } from '../../observe/series.ts';
import { bodyTooLarge, bodyTooSlow } from '../limit.ts';
import { bind } from '../pick/affinity.ts';
import { RequestRecord } from '../record.ts';
import { refuse } from '../respond/refuse.ts';
import { declinedOffer, endlessAnswer, grantsTunnel, isDeclinedOffer, passOn } from '../respond.ts';
import { lateTry } from '../retry/outcome.ts';
import type { Route } from '../route/route-table.ts';
import type { ForwardingGround } from './ground.ts';
import { type Limited, TimeLimits, type TimeUp } from './time-limits.ts';
import { Tries } from './tries.ts';
import type { Tried, Try } from './try.ts';

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

/** Its heir hears what the client sends and what the tries bring, and has it told. */
export abstract class ClientSide implements Limited, Listed, Tried {
  place = -1;
  protected readonly ground: ForwardingGround;
  protected readonly limits: TimeLimits;
  protected readonly record: RequestRecord;
  protected readonly tries: Tries;
  protected phase: Phase = 'trying';

  constructor(exchange: Exchange, route: Route, ground: ForwardingGround) {
    this.ground = ground;
    this.record = new RequestRecord(exchange, route.service, ground);
    this.limits = new TimeLimits(this, ground.wheel, route.policy.timeouts.idleMs);
    const { trail } = this.record;
    this.tries = new Tries(this, route, exchange, ground, this.limits, trail);
    if (exchange.head.bodyLength === 0) this.phase = 'waiting';
  }

  get exchange(): Exchange {
    return this.tries.exchange;
  }

  get route(): Route {
    return this.tries.route;
  }

  /** Breaks off a request, an answer or a tunnel that is under way. */
  cut(error: IsthmusError): void {
    const isAnswered = this.isAnswered();
    if (isAnswered && this.phase !== 'answering' && this.phase !== 'tunnelling') return;
    this.tries.cut('abandoned', this.ground.wheel.refresh());
    if (isAnswered) this.breakOff(error.code, error);
    else this.turnAway(error, 'maybe');
  }

  protected answer(answering: Try, head: ResponseHead, ends: boolean): void {
    const { target } = answering;
    const { status } = head;
    const isTunnel = grantsTunnel(this.exchange, status);
    if (!isTunnel && isDeclinedOffer(this.exchange, status)) {
      this.tries.cut('ok', this.ground.wheel.refresh());
      this.turnAway(declinedOffer(status), 'maybe');
      return;
    }
    const latencyMs = this.tries.latencyMs(answering);
    const received = this.tries.body?.received ?? 0;
    this.record.answered(this.tries.route, target, head, latencyMs, received);
    this.tries.body?.forget();
    this.tries.settle();
    if (ends) this.phase = 'leaving';
    else this.phase = isTunnel ? 'tunnelling' : 'answering';
    if (isTunnel || (!ends && head.bodyLength === 'unknown')) this.ground.open.add(this);
    this.limits.schedule();
    const { clock } = this.ground;
    bind(this.exchange, this.tries.route, target, head, () => clock.now());
    passOn(this.exchange, this.ground.says, target, head, ends);
    if (isTunnel) this.exchange.read();
    // One that begins a good answer unasked may still read; what is answered otherwise has been judged by its head.
    else if (this.tries.expectsContinue && !ends && status < 300) this.tries.askForBody();
  }

  protected outOfTime(up: TimeUp, now: number): void {
    const { current, again, unsent } = this.tries;
    const target = current?.target ?? again;
    const isAnswered = this.isAnswered();
    this.tries.cut(isAnswered || up === 'body' ? 'abandoned' : 'failed', now);
    if (!isAnswered && up === 'body') {
      this.turnAway(bodyTooSlow(this.ground.limits.bodyMs), 'maybe');
    } else if (isAnswered || target === undefined) {
      this.breakOff('RESPONSE_BROKEN', endlessAnswer());
    } else if (up === 'all' && unsent && again !== undefined) this.tooLate();
    else {
      const error = new IsthmusError('UPSTREAM_TIMED_OUT', { what: lateTry(target).what });
      this.turnAway(error, unsent && again !== undefined ? 'no' : 'maybe');
    }
  }

  /** Its client waits no more, and nobody has got the request. */
  protected tooLate(): void {
    const { service } = this.tries.route;
    const what = `The time that the client gave a request for ${service} was over before it was sent`;
    this.turnAway(new IsthmusError('DEADLINE_EXCEEDED', { what }), 'no');
  }

  protected tooLarge(): void {
    const error = bodyTooLarge(this.ground.limits.maxBodyBytes);
    this.tries.cut('abandoned', this.ground.wheel.refresh());
    if (!this.isAnswered()) this.turnAway(error, 'maybe');
    else this.breakOff(error.code, error);
  }

  protected isAnswered(): boolean {
    switch (this.phase) {
      case 'waiting':
      case 'trying':
      case 'ending':
        return false;
      default:
        return true;
    }
  }

  /** Answers instead of the service. */
  protected turnAway(error: IsthmusError, sent: 'no' | 'maybe'): void {
    this.record.turnedAway(error);
    this.phase = 'leaving';
    this.tries.body?.forget();
    this.tries.settle();
    this.limits.answered();
    this.limits.schedule();
    refuse(this.exchange, error, sent);
  }

  /** Breaks an answer that has begun, never ends it as if it were whole; only gRPC has words for one that is not. */
  protected breakOff(counted: RefusedLabels['code'], error: IsthmusError): void {
    this.record.brokeOff(counted);
    if (this.phase !== 'answering' || !endsInTrailers(this.exchange)) {
      this.destroy();
      return;
    }
    this.phase = 'leaving';
    this.limits.awaitAll(Infinity);
    this.limits.moved();
    this.limits.schedule();
    this.exchange.end(grpcTrailers(error));
  }

  protected destroy(): void {
    if (this.phase === 'over') return;
    this.tries.cut('abandoned', this.ground.wheel.refresh());
    this.end();
    this.exchange.destroy();
    this.record.over();
  }

  protected end(): void {
    this.phase = 'over';
    this.ground.open.delete(this);
    this.tries.current = undefined;
    this.tries.settle();
    this.limits.end();
    this.record.left();
  }

  failedInside(thrown: unknown): void {
    this.record.failedInside(thrown);
    this.destroy();
  }

  abstract onTryInterim(status: number, fields: Fields): boolean;
  abstract onTryResponse(head: ResponseHead): void;
  abstract onTryBody(bytes: Buffer): boolean;
  abstract onTryEnd(trailers: Fields): void;
  abstract onTryFailed(failure: FailedTry): void;
  abstract onTryDoubted(): void;
  abstract onTryWritable(): void;
  abstract onTimeUp(up: TimeUp, now: number): void;
}
