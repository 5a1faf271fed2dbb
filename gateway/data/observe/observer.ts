/** Owns which requests are looked at more closely than by counting them: for a trace, for the access log, or not at all. */
import type { ErrorCode } from '../../../core/errors.ts';
import type { ServiceName } from '../../../core/names.ts';
import type { Exchange } from '../message/exchange.ts';
import { traceParentField, traceStateField } from '../message/headers.ts';
import type { ReceivedFields } from '../message/message.ts';
import { type Peer, sourceOf } from '../message/peer.ts';
import { newSpanId, newTraceId } from './ids.ts';
import type { SampledRequests } from './sampling/sampled-requests.ts';
import { parseTraceParent } from './trace-context.ts';
import { type RequestTrace, Trail, type TrailOptions } from './trail.ts';
import { UnrecordedTraces } from './unrecorded.ts';

/** How many requests are looked at. */
export interface ObserverShares {
  /** Share of the traces beginning here that are recorded, 0 to 1; undefined: `traceparent` passes untouched. */
  readonly traced: number | undefined;
  /** Share of the requests that the access log has, 0 to 1. */
  readonly logged: number;
}

export interface ObserverOptions extends ObserverShares, TrailOptions {
  /** Remembers some; absent: none are remembered. */
  readonly sampled?: SampledRequests | undefined;
}

const nothing: readonly string[] = [];
const state: readonly string[] = [traceStateField];
const parent: readonly string[] = [traceParentField];
const both: readonly string[] = [traceParentField, traceStateField];

export class Observer {
  readonly #options: ObserverOptions;
  readonly #unrecorded: UnrecordedTraces;

  constructor(options: ObserverOptions) {
    this.#options = options;
    this.#unrecorded = new UnrecordedTraces(options.random);
  }

  /** `service`: undefined where the request named none. Undefined where nobody looks at this one. */
  begin(exchange: Exchange, service: ServiceName | undefined): Trail | undefined {
    const { traced, logged, random, sampled } = this.#options;
    const isLogged = logged > 0 && random() < logged;
    const place = sampled?.draw(service);
    const isWanted = isLogged || place !== undefined;
    const trace =
      traced === undefined ? undefined : this.#traceOf(exchange.head.fields, traced, isWanted);
    if (!isWanted && trace === undefined) return undefined;
    return new Trail(exchange, service, { trace, isLogged, place }, this.#options);
  }

  /** Octets that came by `protocol` could not be read as a request; they were answered with `status` or, without one, reset. */
  unreadable(peer: Peer, protocol: string, code: ErrorCode, status: number | undefined): void {
    const { logged, random, told, cluster } = this.#options;
    if (logged === 0 || random() >= logged) return;
    const source = sourceOf(peer) ?? cluster;
    const none = { tries: 0, ms: 0, requestBytes: 0, responseBytes: 0 };
    told.access({ source, client: peer.address, protocol, status, code, ...none });
  }

  /** The line that goes on of a request that nobody looks at; empty where what it says itself does. */
  unrecorded(fields: ReceivedFields): string {
    if (this.#options.traced === undefined || fields.get(traceParentField) !== undefined) return '';
    return this.#unrecorded.line();
  }

  /**
   * Parent-based. Undefined for a trace that its sender does not record: what it says of it goes on as it came (W3C
   * Trace Context section 3.2.2.5). Undefined, too, for most that begin here, unless they are `wanted`.
   */
  #traceOf(fields: ReceivedFields, ratio: number, wanted: boolean): RequestTrace | undefined {
    const { random } = this.#options;
    const said = fields.get(traceParentField);
    if (said === undefined) {
      const isSampled = random() < ratio;
      const isLost = fields.get(traceStateField) !== undefined;
      if (!isSampled && !isLost && !wanted) return undefined;
      return this.#begun(isLost ? state : nothing, isSampled);
    }
    const sender = fields.all(traceParentField).length > 1 ? undefined : parseTraceParent(said);
    if (sender === undefined) return this.#begun(both, random() < ratio);
    if (!sender.isSampled) return undefined;
    const { traceId, spanId: parentId } = sender;
    return { traceId, parentId, spanId: newSpanId(random), isSampled: true, replaces: parent };
  }

  /** A trace begins here; whatever the request says of one is `replaced`. */
  #begun(replaces: readonly string[], isSampled: boolean): RequestTrace {
    const { random } = this.#options;
    const traceId = newTraceId(random);
    return { traceId, spanId: newSpanId(random), parentId: undefined, isSampled, replaces };
  }
}
