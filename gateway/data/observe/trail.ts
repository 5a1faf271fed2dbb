/** Owns the trail of one observed request: gathered while it runs, told when it is over, as spans, an exemplar and a line of the access log. */
import type { Clock, Random } from '../../../core/clock.ts';
import type { IsthmusError } from '../../../core/errors.ts';
import type { ClusterName, FederationName, ServiceName } from '../../../core/names.ts';
import type { Target, TryResult } from '../balance/types.ts';
import { clientAddress } from '../message/client-origin.ts';
import type { Exchange } from '../message/exchange.ts';
import { endpointField, requestIdField, traceParentField } from '../message/headers.ts';
import type { OutgoingRequest, ResponseHead } from '../message/message.ts';
import { OneMoreField } from '../message/one-more-field.ts';
import { sourceOf } from '../message/peer.ts';
import { Facts } from '../request/authorize/facts.ts';
import { statusesOf } from '../request/respond/refuse.ts';
import type { AccessRecord } from './access-line.ts';
import { newSpanId } from './ids.ts';
import type { ExemplarRecord } from './observed.ts';
import type { SamplePlace } from './sampling/sampled-requests.ts';
import type { RefusedLabels } from './series.ts';
import { bucketOf, type ServedCounts } from './served-counts.ts';
import type { SpanRecord } from './span.ts';
import { pathOf, requestSpan, trySpan } from './spans.ts';
import { formatTraceParent, parseTraceParent } from './trace-context.ts';

/** The trace that a request is part of. */
export interface RequestTrace {
  readonly traceId: string;
  /** The span of this request, here. */
  readonly spanId: string;
  /** Id of the parent span; undefined where the trace begins here. */
  readonly parentId: string | undefined;
  readonly isSampled: boolean;
  /** Names of received fields that do not go on. */
  readonly replaces: readonly string[];
}

/** Takes what a trail found out. Each function returns at once. */
interface Told {
  spans(spans: readonly SpanRecord[]): void;
  exemplar(exemplar: ExemplarRecord): void;
  access(record: AccessRecord): void;
}

export interface TrailOptions {
  readonly cluster: ClusterName;
  readonly federation: FederationName;
  readonly told: Told;
  readonly clock: Clock;
  readonly random: Random;
}

/** Who is told of a request. */
interface Listeners {
  readonly trace: RequestTrace | undefined;
  readonly isLogged: boolean;
  /** Where it is remembered. */
  readonly place?: SamplePlace | undefined;
}

/** A try under way. */
interface TryUnderWay {
  readonly target: Target;
  readonly spanId: string;
  readonly startedAt: number;
  /** Tries before it. */
  readonly resends: number;
}

/** The target that answered. */
interface Answer {
  readonly target: Target;
  readonly cluster: string;
  readonly endpoint: string | undefined;
  readonly headMs: number;
}

const none: readonly string[] = [];

/** Times are wall milliseconds with fractions, by the monotonic clock from the moment the request came. */
export class Trail {
  /** Set once it is known. */
  requestId = '';
  requestBytes = 0;
  responseBytes = 0;
  readonly #exchange: Exchange;
  readonly #service: ServiceName | undefined;
  readonly #trace: RequestTrace | undefined;
  readonly #isLogged: boolean;
  readonly #place: SamplePlace | undefined;
  readonly #options: TrailOptions;
  readonly #startedAt: number;
  readonly #monotonic: number;
  readonly #spans: SpanRecord[] = [];
  /** By whoever makes them. */
  readonly #underWay = new Map<object, TryUnderWay>();
  #tries = 0;
  #answer: Answer | undefined;
  #status: number | undefined;
  #grpcStatus: number | undefined;
  #code: RefusedLabels['code'] | undefined;

  constructor(
    exchange: Exchange,
    service: ServiceName | undefined,
    { trace, isLogged, place }: Listeners,
    options: TrailOptions,
  ) {
    this.#exchange = exchange;
    this.#service = service;
    this.#trace = trace;
    this.#isLogged = isLogged;
    this.#place = place;
    this.#options = options;
    this.#startedAt = options.clock.now();
    this.#monotonic = options.clock.monotonic();
  }

  /** Names of received fields that do not go on. */
  get replaces(): readonly string[] {
    return this.#trace?.replaces ?? none;
  }

  /** Lines that go on instead: that a trace began here which nobody records. One that is recorded is said by each try. */
  get lines(): string {
    const trace = this.#trace;
    if (trace === undefined || trace.isSampled) return '';
    return `${traceParentField}: ${formatTraceParent(trace)}\r\n`;
  }

  /** A try begins, that `one` makes. Returns the request as it is sent. */
  tried(one: object, target: Target, request: OutgoingRequest): OutgoingRequest {
    const resends = this.#tries++;
    const trace = this.#recorded;
    if (trace === undefined) return request;
    const spanId = newSpanId(this.#options.random);
    this.#underWay.set(one, { target, spanId, startedAt: this.#now(), resends });
    const said = formatTraceParent({ traceId: trace.traceId, spanId, isSampled: true });
    return { ...request, fields: new OneMoreField(request.fields, traceParentField, said) };
  }

  /** The try that `one` makes is over; `status` 0: no head came. */
  tryOver(one: object, status: number, result: TryResult): void {
    const trace = this.#recorded;
    const underWay = this.#underWay.get(one);
    if (trace === undefined || underWay === undefined) return;
    this.#underWay.delete(one);
    const { head } = this.#exchange;
    const service = this.#service;
    const seen = { ...underWay, endedAt: this.#now(), head, service, status, result };
    this.#spans.push(trySpan({ trace, ...seen }));
  }

  /** A response goes to the client. */
  answered(target: Target, head: ResponseHead, counts: ServedCounts, latencyMs: number): void {
    const { cluster, told } = this.#options;
    const isHere = target.kind === 'endpoint';
    this.#status = head.status;
    this.#answer = {
      target,
      cluster: isHere ? cluster : target.cluster,
      endpoint: isHere ? target.endpoint.id : head.fields.get(endpointField),
      headMs: this.#elapsed(),
    };
    const trace = this.#recorded;
    if (trace === undefined) return;
    const { traceId, spanId } = trace;
    const bucket = bucketOf(latencyMs);
    told.exemplar({ series: counts.key, bucket, traceId, spanId, latencyMs, at: this.#now() });
  }

  /** The gateway answers itself. */
  turnedAway(error: IsthmusError): void {
    const { status, grpcStatus } = statusesOf(this.#exchange, error);
    this.#code = error.code;
    this.#status = status;
    this.#grpcStatus = grpcStatus;
  }

  /** The gateway answers itself, as the request asks. */
  answeredHere(status: number): void {
    this.#status = status;
  }

  /** There is no answer, or it broke off. */
  brokeOff(code: RefusedLabels['code']): void {
    this.#code = code;
  }

  /** The request is over: the trail is told. */
  over(): void {
    const { told } = this.#options;
    const trace = this.#recorded;
    if (trace !== undefined) {
      const times = { startedAt: this.#startedAt, endedAt: this.#now() };
      told.spans([
        requestSpan({
          ...{ trace, ...times, ...this.#seen() },
          ...{ principal: this.#principal, tries: this.#tries },
        }),
        ...this.#spans,
      ]);
    }
    if (this.#isLogged) this.#log();
    if (this.#place !== undefined) this.#remember(this.#place);
  }

  #remember(place: SamplePlace): void {
    const { status, code, cluster, endpoint } = this.#seen();
    const { fields } = this.#exchange.head;
    place.keep({
      exchange: this.#exchange,
      service: this.#service,
      at: this.#startedAt,
      requestId: this.requestId || (fields.get(requestIdField) ?? ''),
      traceId: this.#trace?.traceId ?? this.#passing(),
      outcome: { status, code, cluster, endpoint, ms: rounded(this.#elapsed()) ?? 0 },
    });
  }

  #log(): void {
    const { peer, head } = this.#exchange;
    const { service, source, status, grpcStatus, code, cluster, tier, endpoint } = this.#seen();
    this.#options.told.access({
      service,
      source,
      principal: this.#principal,
      client: clientAddress(head, peer),
      method: head.method,
      path: pathOf(head.path),
      protocol: head.protocol,
      status,
      grpcStatus,
      code,
      cluster,
      tier,
      endpoint,
      tries: this.#tries,
      headMs: rounded(this.#answer?.headMs),
      ms: rounded(this.#elapsed()) ?? 0,
      requestBytes: this.requestBytes,
      responseBytes: this.responseBytes,
      requestId: this.requestId,
      traceId: this.#trace?.traceId ?? this.#passing(),
    });
  }

  #seen() {
    const { peer, head } = this.#exchange;
    const answer = this.#answer;
    return {
      ...{ peer, head, service: this.#service, status: this.#status, code: this.#code },
      grpcStatus: this.#grpcStatus,
      source: sourceOf(peer) ?? this.#options.cluster,
      cluster: answer?.cluster,
      tier: answer?.target.tier,
      endpoint: answer?.endpoint,
    };
  }

  /** As rules go by it; undefined where no certificate was verified that has a name. */
  get #principal(): string | undefined {
    const { principals } = new Facts(this.#exchange, this.#options, undefined);
    return principals.length === 0 ? undefined : principals.join(',');
  }

  /** The trace that others record, or do not. */
  #passing(): string | undefined {
    const said = this.#exchange.head.fields.get(traceParentField);
    return said === undefined ? undefined : parseTraceParent(said)?.traceId;
  }

  get #recorded(): RequestTrace | undefined {
    return this.#trace?.isSampled === true ? this.#trace : undefined;
  }

  #elapsed(): number {
    return this.#options.clock.monotonic() - this.#monotonic;
  }

  #now(): number {
    return this.#startedAt + this.#elapsed();
  }
}

function rounded(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 1000) / 1000;
}
