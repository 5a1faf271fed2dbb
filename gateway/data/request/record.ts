/** Owns what one request leaves behind: counts of who served it and what it took, and where it is observed, its trail. */
import type { IsthmusError } from '../../../core/errors.ts';
import type { ServiceName } from '../../../core/names.ts';
import type { Target } from '../balance/types.ts';
import type { Exchange } from '../message/exchange.ts';
import type { ResponseHead } from '../message/message.ts';
import { sourceOf } from '../message/peer.ts';
import type { RefusedLabels } from '../observe/series.ts';
import type { ServedCounts } from '../observe/served-counts.ts';
import type { Trail } from '../observe/trail.ts';
import type { ForwardingGround } from './forward/ground.ts';
import type { Route } from './route/route-table.ts';

export class RequestRecord {
  /** Present where the request is observed. */
  readonly trail: Trail | undefined;
  readonly #exchange: Exchange;
  readonly #service: ServiceName;
  readonly #ground: ForwardingGround;
  /** The counts of the target that answers, once there is an answer. */
  #counts: ServedCounts | undefined;

  constructor(exchange: Exchange, service: ServiceName, ground: ForwardingGround) {
    this.trail = ground.observer?.begin(exchange, service);
    this.#exchange = exchange;
    this.#service = service;
    this.#ground = ground;
  }

  requestBytes(bytes: number): void {
    this.#counts?.requestBytes(bytes);
    if (this.trail !== undefined) this.trail.requestBytes += bytes;
  }

  responseBytes(bytes: number): void {
    this.#counts?.responseBytes(bytes);
    if (this.trail !== undefined) this.trail.responseBytes += bytes;
  }

  /** The service answers. `received`: bytes of the request's body so far. */
  answered(
    { protocol = 'http' }: Route,
    target: Target,
    head: ResponseHead,
    latencyMs: number,
    received: number,
  ): void {
    const { recorder, cluster } = this.#ground;
    const source = sourceOf(this.#exchange.peer);
    const by = target.kind === 'cluster' ? target.cluster : cluster;
    const counts = recorder.served(this.#service, source, by, target.tier, protocol);
    counts.answered(head.status, latencyMs);
    this.#ground.principals.answered(this.#exchange, this.#service, head.status);
    this.trail?.answered(target, head, counts, latencyMs);
    if (received > 0) counts.requestBytes(received);
    this.#counts = counts;
  }

  /** The gateway answers in the service's place. */
  turnedAway(error: IsthmusError): void {
    this.brokeOff(error.code);
    this.trail?.turnedAway(error);
    const service = this.#service;
    const { peer } = this.#exchange;
    this.#ground.log.debug({ err: error, service, peer }, 'request refused');
  }

  /** There is no whole answer. */
  brokeOff(code: RefusedLabels['code']): void {
    this.#ground.recorder.refused(this.#service, code, sourceOf(this.#exchange.peer));
    this.trail?.brokeOff(code);
  }

  /** The listener could not read the rest of the request, and has counted that. */
  unreadable(): void {
    this.trail?.brokeOff('REQUEST_REFUSED');
  }

  failedInside(thrown: unknown): void {
    const { recorder, log } = this.#ground;
    recorder.refused(undefined, 'INTERNAL');
    this.trail?.brokeOff('INTERNAL');
    log.error({ err: thrown }, 'request failed inside the gateway');
  }

  /** The request is in flight no more. */
  left(): void {
    this.#ground.recorder.inFlight--;
  }

  /** The request is over: its trail is told. */
  over(): void {
    this.trail?.over();
  }
}
