/** Owns what is counted: the labels of each kind of series, and what each of its slots holds. */
import type { ErrorCode } from '../../core/errors.ts';
import type { ServiceName } from '../../core/names.ts';
import type { TierKind } from '../balance/types.ts';

/** Upper bounds of the latency histogram in milliseconds; the last bucket has none. */
export const latencyBoundsMs: readonly number[] = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000,
];

/** Requests of one service that one place answered. */
export interface ServedLabels {
  readonly kind: 'served';
  readonly service: ServiceName;
  readonly cluster: string;
  readonly tier: TierKind;
}

/** Requests that the gateway itself answered, or that ended without an answer. */
export interface RefusedLabels {
  readonly kind: 'refused';
  /** Absent when the request named no known service. */
  readonly service: ServiceName | undefined;
  readonly code: ErrorCode | 'CLIENT_GONE' | 'RESPONSE_BROKEN';
}

/** Tries beyond the first. */
export interface RetriedLabels {
  readonly kind: 'retried';
  readonly service: ServiceName;
  /** `unsent`: the earlier try provably never arrived. */
  readonly reason: 'unsent' | 'failed' | 'status';
}

/** A series is its labels and a run of slots. A label more is a field here; a number more, a slot below. */
export type SeriesLabels = ServedLabels | RefusedLabels | RetriedLabels;

const statusClasses = 6;

/** Slots of a `served` series: the sum of the latencies, counts by first digit of the status, and by bucket. */
export const servedSlots = {
  latencySumMs: 0,
  byStatusClass: 1,
  latencyBuckets: 1 + statusClasses,
} as const;

export const seriesSizes: Readonly<Record<SeriesLabels['kind'], number>> = {
  served: servedSlots.latencyBuckets + latencyBoundsMs.length + 1,
  refused: 1,
  retried: 1,
};

/** The same for the same labels, in every thread. */
export function seriesKey(labels: SeriesLabels): string {
  switch (labels.kind) {
    case 'served':
      return `served ${labels.service} ${labels.cluster} ${labels.tier}`;
    case 'refused':
      return `refused ${labels.service} ${labels.code}`;
    case 'retried':
      return `retried ${labels.service} ${labels.reason}`;
  }
}

export interface ServedSeries extends Omit<ServedLabels, 'kind'> {
  readonly requests: number;
  /** Responses by first digit of the status; index 0 is unused. */
  readonly byStatusClass: readonly number[];
  /** Sum of the time to the response head, in milliseconds. */
  readonly latencySumMs: number;
  /** Count per bucket of `latencyBoundsMs`, not cumulative; one more bucket than bounds. */
  readonly latencyBuckets: readonly number[];
}

export interface RefusedSeries extends Omit<RefusedLabels, 'kind'> {
  readonly requests: number;
}

export interface RetrySeries extends Omit<RetriedLabels, 'kind'> {
  readonly retries: number;
}

export interface RecordSnapshot {
  readonly inFlight: number;
  readonly served: readonly ServedSeries[];
  readonly refused: readonly RefusedSeries[];
  readonly retried: readonly RetrySeries[];
}

/** Names the numbers of every series. */
export function recordSnapshot(
  inFlight: number,
  series: Iterable<readonly [SeriesLabels, Float64Array]>,
): RecordSnapshot {
  const served: ServedSeries[] = [];
  const refused: RefusedSeries[] = [];
  const retried: RetrySeries[] = [];
  for (const [labels, values] of series) {
    if (labels.kind === 'served') served.push(servedSeries(labels, values));
    else if (labels.kind === 'refused') {
      const { service, code } = labels;
      refused.push({ service, code, requests: values[0] ?? 0 });
    } else {
      const { service, reason } = labels;
      retried.push({ service, reason, retries: values[0] ?? 0 });
    }
  }
  return { inFlight, served, refused, retried };
}

function servedSeries(
  { service, cluster, tier }: ServedLabels,
  values: Float64Array,
): ServedSeries {
  const { latencySumMs, byStatusClass, latencyBuckets } = servedSlots;
  const statuses = [...values.subarray(byStatusClass, latencyBuckets)];
  return {
    service,
    cluster,
    tier,
    requests: statuses.reduce((sum, count) => sum + count, 0),
    byStatusClass: statuses,
    latencySumMs: values[latencySumMs] ?? 0,
    latencyBuckets: [...values.subarray(latencyBuckets)],
  };
}
