/** Owns what is counted: the labels of each kind of series, and what each of its slots holds. */
import type { ErrorCode } from '../../../core/errors.ts';
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import type { BreakerName } from '../../../policy/traffic/breakers.ts';
import type { Protocol } from '../../../registry/model.ts';
import type { TierKind } from '../balance/types.ts';
import type { FailureCause } from '../wire/http2/failure-cause.ts';

/** Upper bounds of the latency histogram in milliseconds; the last bucket has none. */
export const latencyBoundsMs: readonly number[] = [
  1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000,
];

/**
 * The cluster whose gateway has asked; undefined: a client of this cluster. A request across clusters is counted by
 * both gateways, and this tells which of them its client asked.
 */
type Source = ClusterName | undefined;

/** Requests of one service from one place that one place answered. */
export interface ServedLabels {
  readonly kind: 'served';
  readonly service: ServiceName;
  readonly source: Source;
  /** The cluster that answered. */
  readonly cluster: ClusterName;
  readonly tier: TierKind;
  /** The service's protocol. */
  readonly protocol: Protocol;
}

/** Requests that the gateway itself answered, or that ended without an answer. */
export interface RefusedLabels {
  readonly kind: 'refused';
  /** Absent when the request named no known service. */
  readonly service: ServiceName | undefined;
  readonly code: ErrorCode | 'CLIENT_GONE' | 'RESPONSE_BROKEN' | 'TOO_MANY_STREAMS';
  readonly source: Source;
}

/** Connections that were refused, or ended for the octets that came on them. */
export interface RefusedConnectionLabels {
  readonly kind: 'refused-connection';
  /** `connection-limit`: as many were open as may be. */
  readonly reason: FailureCause | 'connection-limit';
  /** The cluster whose gateway made it; undefined: a client. */
  readonly source: Source;
}

/** Tries beyond the first. */
export interface RetriedLabels {
  readonly kind: 'retried';
  readonly service: ServiceName;
  /** `unsent`: the earlier try provably never arrived; `hedge`: it was not answered yet, and went on. */
  readonly reason: 'unsent' | 'failed' | 'status' | 'suspect' | 'hedge';
}

/** Decisions of one written policy about requests. */
interface DecidedLabels {
  readonly kind: 'decided';
  /** `Kind/namespace/name`. */
  readonly policy: string;
  /** What it did: `denied`, `limited` ... */
  readonly outcome: string;
}

/** Tries that a circuit breaker turned away from a cluster, whether they went elsewhere or not. */
interface ShutLabels {
  readonly kind: 'shut';
  readonly service: ServiceName;
  readonly cluster: ClusterName;
  readonly breaker: BreakerName;
}

/** Requests of one service that one caller made whose certificate was verified. */
export interface NamedLabels {
  readonly kind: 'named';
  readonly service: ServiceName;
  readonly source: Source;
  /** The caller's name, without `spiffe://`; `other`: one beyond those that are told apart. */
  readonly principal: string;
}

/** A series is its labels and a run of slots. A label more is a field here; a number more, a slot below. */
export type SeriesLabels =
  | ServedLabels
  | RefusedLabels
  | RefusedConnectionLabels
  | RetriedLabels
  | DecidedLabels
  | ShutLabels
  | NamedLabels;

const statusClasses = 6;

/** Slots of a `served` series: sums, then counts by first digit of the status, and by bucket. */
export const servedSlots = {
  latencySumMs: 0,
  requestBytes: 1,
  responseBytes: 2,
  byStatusClass: 3,
  latencyBuckets: 3 + statusClasses,
} as const;

export const seriesSizes: Readonly<Record<SeriesLabels['kind'], number>> = {
  served: servedSlots.latencyBuckets + latencyBoundsMs.length + 1,
  refused: 1,
  'refused-connection': 1,
  retried: 1,
  decided: 1,
  shut: 1,
  // By first digit of the status.
  named: statusClasses,
};

/** The key of a series: the same for the same labels, in every thread. */
export function seriesKey(labels: SeriesLabels): string {
  switch (labels.kind) {
    case 'served':
      return `served ${labels.service} ${labels.source} ${labels.cluster} ${labels.tier} ${labels.protocol}`;
    case 'refused':
      return `refused ${labels.service} ${labels.code} ${labels.source}`;
    case 'refused-connection':
      return `refused-connection ${labels.reason} ${labels.source}`;
    case 'retried':
      return `retried ${labels.service} ${labels.reason}`;
    case 'shut':
      return `shut ${labels.service} ${labels.cluster} ${labels.breaker}`;
    case 'decided':
      return `decided ${labels.policy} ${labels.outcome}`;
    case 'named':
      return `named ${labels.service} ${labels.source} ${labels.principal}`;
  }
}

export interface ServedSeries extends Omit<ServedLabels, 'kind'> {
  readonly requests: number;
  /** Responses by first digit of the status; index 0 is unused. */
  readonly byStatusClass: readonly number[];
  /** Octets of bodies, and of tunnels: what came from clients, and what went to them. */
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Sum of the time from the request's arrival to the response head, in milliseconds. */
  readonly latencySumMs: number;
  /** Count per bucket of `latencyBoundsMs`, not cumulative; one more bucket than bounds. */
  readonly latencyBuckets: readonly number[];
}

interface RefusedSeries extends Omit<RefusedLabels, 'kind'> {
  readonly requests: number;
}

interface RefusedConnectionSeries extends Omit<RefusedConnectionLabels, 'kind'> {
  readonly connections: number;
}

interface RetrySeries extends Omit<RetriedLabels, 'kind'> {
  readonly retries: number;
}

interface DecidedSeries extends Omit<DecidedLabels, 'kind'> {
  readonly requests: number;
}

interface ShutSeries extends Omit<ShutLabels, 'kind'> {
  readonly tries: number;
}

interface NamedSeries extends Omit<NamedLabels, 'kind'> {
  /** Responses by first digit of the status; index 0 is unused. */
  readonly byStatusClass: readonly number[];
}

export interface RecordSnapshot {
  readonly inFlight: number;
  readonly served: readonly ServedSeries[];
  readonly refused: readonly RefusedSeries[];
  readonly refusedConnections: readonly RefusedConnectionSeries[];
  readonly retried: readonly RetrySeries[];
  readonly decided: readonly DecidedSeries[];
  readonly shut: readonly ShutSeries[];
  readonly named: readonly NamedSeries[];
}

/** Names the numbers of every series. */
export function recordSnapshot(
  inFlight: number,
  series: Iterable<readonly [SeriesLabels, Float64Array]>,
): RecordSnapshot {
  const served: ServedSeries[] = [];
  const refused: RefusedSeries[] = [];
  const refusedConnections: RefusedConnectionSeries[] = [];
  const retried: RetrySeries[] = [];
  const decided: DecidedSeries[] = [];
  const shut: ShutSeries[] = [];
  const named: NamedSeries[] = [];
  for (const [labels, values] of series) {
    const [count = 0] = values;
    switch (labels.kind) {
      case 'served':
        served.push(servedSeries(labels, values));
        break;
      case 'refused': {
        const { service, code, source } = labels;
        refused.push({ service, code, source, requests: count });
        break;
      }
      case 'refused-connection': {
        const { reason, source } = labels;
        refusedConnections.push({ reason, source, connections: count });
        break;
      }
      case 'retried': {
        const { service, reason } = labels;
        retried.push({ service, reason, retries: count });
        break;
      }
      case 'shut': {
        const { service, cluster, breaker } = labels;
        shut.push({ service, cluster, breaker, tries: count });
        break;
      }
      case 'decided': {
        const { policy, outcome } = labels;
        decided.push({ policy, outcome, requests: count });
        break;
      }
      case 'named': {
        const { service, source, principal } = labels;
        named.push({ service, source, principal, byStatusClass: [...values] });
        break;
      }
    }
  }
  return { inFlight, served, refused, refusedConnections, retried, decided, shut, named };
}

function servedSeries({ kind: _, ...labels }: ServedLabels, values: Float64Array): ServedSeries {
  const { latencySumMs, requestBytes, responseBytes, byStatusClass, latencyBuckets } = servedSlots;
  const statuses = [...values.subarray(byStatusClass, latencyBuckets)];
  return {
    ...labels,
    requests: statuses.reduce((sum, count) => sum + count, 0),
    byStatusClass: statuses,
    requestBytes: values[requestBytes] ?? 0,
    responseBytes: values[responseBytes] ?? 0,
    latencySumMs: values[latencySumMs] ?? 0,
    latencyBuckets: [...values.subarray(latencyBuckets)],
  };
}
