/** Owns the life of one admitted request: tried, tried again while that is safe and allowed, answered, recorded. */
import { type BackoffPolicy, backoffDelay } from '../../core/backoff.ts';
import { IsthmusError } from '../../core/errors.ts';
import type { Target, TryResult } from '../balance/types.ts';
import type { Call } from './call.ts';
import type { Exchange, ExchangeEnd, ExchangeHandler } from './exchange.ts';
import type { ForwardingGround } from './forwarding-ground.ts';
import { failureIn } from './gateway-answer.ts';
import { isGrpc } from './grpc-status.ts';
import { grpcTimeoutMs } from './grpc-timeout.ts';
import { interimFields, trailerFields } from './headers.ts';
import { bodyTooLarge, bodyTooSlow } from './limit.ts';
import type { FailedTry, Fields, OutgoingRequest, ResponseHead } from './message.ts';
import { isAskedWrongly, nextStep, type Step, type TryEnd } from './next-step.ts';
import { lateTry, resultOf } from './outcome.ts';
import { sourceOf } from './peer.ts';
import { Picks } from './pick.ts';
import { refuse } from './refuse.ts';
import { RequestBody } from './request-body.ts';
import { RequestFields } from './request-fields.ts';
import { ResponseFields } from './response-fields.ts';
import { defaultRetry } from './retry.ts';
import type { Route } from './route.ts';
import type { RefusedLabels } from './series.ts';
import type { ServedCounts } from './served-counts.ts';
import { Timed } from './sweep.ts';
import { TimeLimits, type TimeUp } from './time-limits.ts';
import type { Trail } from './trail.ts';
import { type Tried, Try } from './try.ts';

type Phase =
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
  readonly #request: OutgoingRequest;
  readonly #picks: Picks;
  readonly #limits: TimeLimits;
  /** Where the request is looked at. */
  readonly #trail: Trail | undefined;
  /** Absent where there is none; a tunnel's octets are not kept. */
  readonly #body: RequestBody | undefined;
  #phase: Phase = 'trying';
  #try: Try | undefined;
  #first: Try | undefined;
  /** Of the answer, once there is one. */
  #counts: ServedCounts | undefined;
  /** While `ending`. */
  #head: ResponseHead | undefined;
  /** While `backing-off`. */
  #again: { readonly target: Target; readonly at: number } | undefined;
  /** Whether every try so far provably never arrived. */
  #unsent = true;
  #isTunnel = false;

  constructor(exchange: Exchange, route: Route, ground: ForwardingGround) {
    super();
    const { method, scheme, authority, path, bodyLength, tunnel } = exchange.head;
    this.#exchange = exchange;
    this.#route = route;
    this.#ground = ground;
    const { says, ids, observer } = ground;
    const trail = observer?.begin(exchange, route.service);
    this.#trail = trail;
    const fields = new RequestFields(exchange, route.service, says, ids, trail, observer);
    this.#request = { method, scheme, authority, path, fields, bodyLength, tunnel };
    this.#picks = new Picks(route, exchange);
    this.#limits = new TimeLimits(route.timeouts.idleMs, ground.sweep.now);
    this.#body = bodyLength === 'none' || tunnel !== undefined ? undefined : new RequestBody();
  }

  start(): void {
    const { balancer, timeouts, service } = this.#route;
    const { fields } = this.#exchange.head;
    const { now } = this.#ground.sweep;
    balancer.countRequest(now);
    const first = this.#picks.next(true, now);
    if (first === undefined) {
      const what = `No endpoint of ${service} can take the request`;
      this.#turnAway(new IsthmusError('NO_HEALTHY_ENDPOINT', { what }), 'no');
      return;
    }
    // The time of a call of gRPC runs from its head on: it may never end before it is answered.
    const grpcMs = isGrpc(fields) ? grpcTimeoutMs(fields) : undefined;
    if (grpcMs !== undefined) this.#limits.awaitAll(grpcMs, now);
    if (this.#body === undefined) this.#limits.awaitHead(timeouts.requestMs, now);
    else this.#awaitBody();
    this.#begin(first);
  }

  onBody(bytes: Buffer): boolean {
    this.#moved();
    this.#counts?.requestBytes(bytes.length);
    if (this.#trail !== undefined) this.#trail.requestBytes += bytes.length;
    if (this.#body !== undefined && !this.#taken(this.#body, bytes)) return true;
    if (this.#try === undefined) return this.#phase !== 'backing-off';
    const goesOn = this.#try.call.write(bytes);
    if (!goesOn) this.#limits.awaitBody(Infinity, 0);
    return goesOn;
  }

  onBodyEnd(trailers: Fields): void {
    const passed = trailerFields(trailers);
    this.#body?.finish(passed);
    if (!this.#isAnswered()) {
      this.#limits.awaitBody(Infinity, 0);
      this.#limits.awaitHead(this.#route.timeouts.requestMs, this.#ground.sweep.refresh());
      this.#schedule();
    }
    this.#try?.call.end(passed);
  }

  onWritable(): void {
    this.#moved();
    this.#try?.call.read();
  }

  onOver(how: ExchangeEnd): void {
    const { sweep } = this.#ground;
    const current = this.#try;
    this.#end();
    if (how === 'sent') {
      // A tunnel whose two directions have ended: the last octets may still be on their way.
      current?.finish('ok', sweep.now);
    } else {
      if (how === 'refused') this.#trail?.brokeOff('REQUEST_REFUSED');
      else this.#countRefusal('CLIENT_GONE');
      current?.cancel('abandoned', sweep.refresh());
    }
    this.#trail?.over();
  }

  tryInformed(status: number, fields: Fields): void {
    this.#exchange.inform(status, interimFields(fields));
  }

  tryAnswered(head: ResponseHead): void {
    const current = this.#try;
    if (current === undefined) return;
    const { target } = current;
    const now = this.#ground.sweep.refresh();
    current.headMs = now - current.startedAt;
    const failure = target.kind === 'cluster' ? failureIn(head, target.cluster) : undefined;
    if (failure !== undefined) {
      current.cancel(failure.sent === 'no' ? 'unsent' : 'failed', now);
      this.#failed(failure, target);
      return;
    }
    if ((this.#route.retry ?? defaultRetry).statuses.includes(head.status)) {
      this.#unsent = false;
      const step = this.#nextStep({ kind: 'response', status: head.status }, target);
      if (step.kind === 'try') {
        current.cancel('failed', now);
        this.#go(step);
        return;
      }
    }
    this.#limits.answered(now);
    if (this.#hasBody(head)) this.#answer(current, head, false);
    else {
      this.#phase = 'ending';
      this.#head = head;
    }
  }

  tryReceived(bytes: Buffer): boolean {
    this.#moved();
    this.#counts?.responseBytes(bytes.length);
    if (this.#trail !== undefined) this.#trail.responseBytes += bytes.length;
    return this.#exchange.write(bytes);
  }

  tryEnded(trailers: Fields): void {
    const current = this.#try;
    if (current === undefined) return;
    if (this.#isTunnel) {
      this.#exchange.end();
      return;
    }
    this.#try = undefined;
    current.finish(resultOf(current.status), this.#ground.sweep.now);
    if (this.#head !== undefined) this.#answer(current, this.#head, true);
    else {
      this.#phase = 'leaving';
      this.#exchange.end(trailers.length === 0 ? undefined : trailerFields(trailers));
    }
  }

  tryFailed(failure: FailedTry): void {
    const current = this.#try;
    if (current === undefined) return;
    const { sweep } = this.#ground;
    const result = failure.sent === 'no' ? 'unsent' : 'failed';
    const asked = isAskedWrongly({ kind: 'failed', ...failure });
    current.finish(asked ? 'abandoned' : result, sweep.refresh());
    if (this.#phase === 'answering' && (this.#isTunnel || !this.#exchange.retract())) {
      this.#countRefusal('RESPONSE_BROKEN');
      this.#destroy();
    } else this.#failed(failure, current.target);
  }

  tryHasRoom(): void {
    this.#moved();
    this.#awaitBody();
    this.#exchange.read();
  }

  failedInside(thrown: unknown): void {
    const { recorder, log } = this.#ground;
    recorder.refused(undefined, 'INTERNAL');
    this.#trail?.brokeOff('INTERNAL');
    log.error({ err: thrown }, 'request failed inside the gateway');
    this.#destroy();
  }

  override onDue(): void {
    const { now } = this.#ground.sweep;
    const up = this.#limits.up(now);
    try {
      if (up === 'try') this.#tryTimedOut(now);
      else if (up !== undefined) this.#outOfTime(up, now);
      else if (this.#again !== undefined && now >= this.#again.at) this.#begin(this.#again.target);
      else this.#schedule();
    } catch (thrown) {
      this.failedInside(thrown);
    }
  }

  #begin(target: Target): void {
    const { sweep, faults } = this.#ground;
    const { balancer, service, timeouts } = this.#route;
    const { now } = sweep;
    this.#phase = 'trying';
    this.#again = undefined;
    this.#picks.began(target);
    this.#limits.awaitTry(timeouts.perTryMs, now);
    this.#schedule();
    const current = new Try(this, balancer, target, now, this.#trail);
    this.#try = current;
    this.#first ??= current;
    const request = this.#trail?.tried(target, this.#request) ?? this.#request;
    if (faults.lookup === undefined) current.call = this.#call(current, request);
    else {
      const entered = this.#exchange.peer.kind !== 'gateway';
      const call = () => this.#call(current, request);
      current.call = faults.call({ service, target, entered }, current, call);
    }
    if (this.#body?.replayTo(current.call)) this.#exchange.read();
  }

  #call(current: Try, request: OutgoingRequest): Call {
    const { endpoints, links } = this.#ground;
    const { target } = current;
    const { timeouts } = this.#route;
    return target.kind === 'endpoint'
      ? endpoints.call(target.endpoint, request, current, timeouts)
      : links.call(target.cluster, request, current, timeouts);
  }

  /** A try has failed: another one, or the end. */
  #failed(failure: FailedTry, target: Target): void {
    this.#try = undefined;
    this.#head = undefined;
    this.#phase = 'trying';
    this.#unsent &&= failure.sent === 'no';
    const step = this.#nextStep({ kind: 'failed', ...failure }, target);
    if (step.kind === 'try') this.#go(step);
    else {
      const { code, what, cause } = failure;
      const said = step.kind === 'over-budget' ? 'RETRY_BUDGET_SPENT' : code;
      this.#turnAway(new IsthmusError(said, { what, cause }), this.#unsent ? 'no' : 'maybe');
    }
  }

  #nextStep(end: TryEnd, tried: Target): Step {
    const { method } = this.#request;
    const replayable = this.#body?.replayable ?? true;
    const route = this.#route;
    const picks = this.#picks;
    return nextStep({ route, method, picks, replayable, unsent: this.#unsent }, end, tried);
  }

  #go({ target, reason }: Step & { readonly kind: 'try' }): void {
    this.#ground.recorder.retried(this.#route.service, reason);
    this.#try = undefined;
    if (!this.#picks.hasTried(target)) {
      this.#begin(target);
      return;
    }
    const { sweep, random } = this.#ground;
    const delayMs = backoffDelay(sameTargetBackoff, this.#picks.tries - 1, random);
    this.#phase = 'backing-off';
    this.#again = { target, at: sweep.now + delayMs };
    this.#schedule();
  }

  #answer({ target, startedAt, headMs = 0 }: Try, head: ResponseHead, ends: boolean): void {
    const { tunnel, protocol } = this.#exchange.head;
    const { recorder, cluster } = this.#ground;
    const { status, bodyLength } = head;
    this.#isTunnel = tunnel !== undefined && status === (tunnel.kind === 'tcp' ? 200 : 101);
    if (tunnel !== undefined && !this.#isTunnel && protocol === '2' && status < 300) {
      this.#declined(status);
      return;
    }
    const { service, protocol: spoken = 'http' } = this.#route;
    const source = sourceOf(this.#exchange.peer);
    const by = target.kind === 'cluster' ? target.cluster : cluster;
    const counts = recorder.served(service, source, by, target.tier, spoken);
    const latencyMs = startedAt + headMs - (this.#first?.startedAt ?? startedAt);
    counts.answered(status, latencyMs);
    this.#trail?.answered(target, head, counts, latencyMs);
    if (this.#body !== undefined) counts.requestBytes(this.#body.received);
    this.#counts = counts;
    this.#body?.forget();
    this.#phase = ends ? 'leaving' : 'answering';
    this.#schedule();
    const own = this.#ground.says.served(this.#exchange.peer, target, head.fields);
    this.#exchange.respond({ status, fields: ResponseFields.of(head, own), bodyLength }, ends);
    if (this.#isTunnel) this.#exchange.read();
  }

  /** HTTP/2 has no way to answer the offer of another protocol with a page: a 2xx would accept it (RFC 8441 section 5). */
  #declined(status: number): void {
    this.#cut('ok');
    const what = `The service answered the offer of another protocol with ${status}`;
    this.#turnAway(new IsthmusError('UPSTREAM_FAILED', { what }), 'maybe');
  }

  /** Whether anything but `onEnd` can follow a head. */
  #hasBody({ status, bodyLength }: ResponseHead): boolean {
    const isEmpty = bodyLength === 'none' || bodyLength === 0;
    return !isEmpty && status !== 204 && status !== 304 && this.#request.method !== 'HEAD';
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
    const isUnsent = this.#unsent && this.#phase === 'backing-off';
    this.#cut(isAnswered || up === 'body' ? 'abandoned' : 'failed', now);
    if (isAnswered || target === undefined) {
      this.#countRefusal('RESPONSE_BROKEN');
      this.#destroy();
    } else if (up === 'body') {
      this.#turnAway(bodyTooSlow(this.#ground.limits.bodyMs), 'maybe');
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
    else {
      this.#countRefusal(error.code);
      this.#destroy();
    }
    return false;
  }

  /** Only what announces its length has to keep a pace: others may have nothing to say for a while. */
  #awaitBody(): void {
    const { limits, sweep } = this.#ground;
    const isDue = typeof this.#request.bodyLength === 'number' && this.#body?.isWhole === false;
    if (!isDue || limits.bodyMs === 0 || this.#isAnswered()) return;
    this.#limits.awaitBody(limits.bodyMs, sweep.now);
    this.#schedule();
  }

  #isAnswered(): boolean {
    return this.#phase === 'answering' || this.#phase === 'leaving' || this.#phase === 'over';
  }

  /** Answers instead of the service. */
  #turnAway(error: IsthmusError, sent: 'no' | 'maybe'): void {
    const { log } = this.#ground;
    const { service } = this.#route;
    this.#countRefusal(error.code);
    this.#trail?.turnedAway(error);
    log.debug({ err: error, service, peer: this.#exchange.peer }, 'request refused');
    this.#phase = 'leaving';
    this.#limits.answered(this.#ground.sweep.now);
    this.#schedule();
    refuse(this.#exchange, error, sent);
  }

  #countRefusal(code: RefusedLabels['code']): void {
    const source = sourceOf(this.#exchange.peer);
    this.#ground.recorder.refused(this.#route.service, code, source);
    this.#trail?.brokeOff(code);
  }

  /** Gives up the try under way. */
  #cut(result: TryResult, now = this.#ground.sweep.refresh()): void {
    this.#try?.cancel(result, now);
    this.#try = undefined;
  }

  #destroy(): void {
    if (this.#phase === 'over') return;
    this.#cut('abandoned');
    this.#end();
    this.#exchange.destroy();
    this.#trail?.over();
  }

  #end(): void {
    this.#phase = 'over';
    this.#try = undefined;
    this.#ground.sweep.cancel(this);
    this.#ground.recorder.inFlight--;
  }

  #moved(): void {
    this.#limits.moved(this.#ground.sweep.now);
  }

  #schedule(): void {
    if (this.#phase === 'over') return;
    const dueAt = Math.min(this.#limits.next(), this.#again?.at ?? Infinity);
    this.#ground.sweep.set(this, dueAt);
  }
}
