/** Owns the numbers of the data path: plain counters that a request adds to and telemetry reads. */
import type { ErrorCode } from '../../core/errors.ts';
import type { ServiceName } from '../../core/names.ts';
import type { TierKind } from '../balance/types.ts';

/** Upper bounds of the latency histogram in milliseconds; the last bucket has none. */
export const latencyBoundsMs: readonly number[] = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000,
];

/** Requests of one service that one place answered. */
export interface ServedSeries {
  readonly service: ServiceName;
  readonly cluster: string;
  readonly tier: TierKind;
  requests: number;
  /** Responses by first digit of the status; index 0 is unused. */
  readonly byStatusClass: number[];
  /** Sum of the time to the response head, in milliseconds. */
  latencySumMs: number;
  /** Count per bucket of `latencyBoundsMs`, not cumulative; one more bucket than bounds. */
  readonly latencyBuckets: number[];
}

/** Requests that the gateway itself answered, or that ended without an answer. */
export interface RefusedSeries {
  /** Absent when the request named no known service. */
  readonly service: ServiceName | undefined;
  readonly code: ErrorCode | 'CLIENT_GONE' | 'RESPONSE_BROKEN';
  requests: number;
}

/** Tries beyond the first. */
export interface RetrySeries {
  readonly service: ServiceName;
  /** `unsent`: the earlier try provably never arrived. */
  readonly reason: 'unsent' | 'failed' | 'status';
  retries: number;
}

export interface RecordSnapshot {
  readonly inFlight: number;
  readonly served: readonly ServedSeries[];
  readonly refused: readonly RefusedSeries[];
  readonly retried: readonly RetrySeries[];
}

export class Recorder {
  /** Few for each service: looked through faster than a key is made. */
  readonly #served = new Map<ServiceName, ServedSeries[]>();
  readonly #refused = new Map<string, RefusedSeries>();
  readonly #retried = new Map<string, RetrySeries>();
  inFlight = 0;

  served(
    service: ServiceName,
    cluster: string,
    tier: TierKind,
    status: number,
    latencyMs: number,
  ): void {
    const series = this.#servedBy(service, cluster, tier);
    series.requests++;
    series.latencySumMs += latencyMs;
    increment(series.byStatusClass, Math.floor(status / 100));
    increment(series.latencyBuckets, bucketOf(latencyMs));
  }

  refused(service: ServiceName | undefined, code: RefusedSeries['code']): void {
    const key = `${service} ${code}`;
    const series = this.#refused.get(key) ?? { service, code, requests: 0 };
    series.requests++;
    this.#refused.set(key, series);
  }

  retried(service: ServiceName, reason: RetrySeries['reason']): void {
    const key = `${service} ${reason}`;
    const series = this.#retried.get(key) ?? { service, reason, retries: 0 };
    series.retries++;
    this.#retried.set(key, series);
  }

  /** Forgets a service that is gone, so that series do not pile up. */
  forget(service: ServiceName): void {
    this.#served.delete(service);
    for (const series of [this.#refused, this.#retried]) {
      for (const [key, { service: of }] of series) if (of === service) series.delete(key);
    }
  }

  /** Copies of every series as they stand. Counters only grow while their service exists. */
  snapshot(): RecordSnapshot {
    return {
      inFlight: this.inFlight,
      served: Array.from(this.#served.values()).flatMap((ofService) =>
        ofService.map((s) => ({
          ...s,
          byStatusClass: s.byStatusClass.slice(),
          latencyBuckets: s.latencyBuckets.slice(),
        })),
      ),
      refused: Array.from(this.#refused.values(), (s) => ({ ...s })),
      retried: Array.from(this.#retried.values(), (s) => ({ ...s })),
    };
  }

  #servedBy(service: ServiceName, cluster: string, tier: TierKind): ServedSeries {
    let ofService = this.#served.get(service);
    if (ofService === undefined) {
      ofService = [];
      this.#served.set(service, ofService);
    }
    for (const series of ofService) {
      if (series.cluster === cluster && series.tier === tier) return series;
    }
    const series = {
      service,
      cluster,
      tier,
      requests: 0,
      byStatusClass: [0, 0, 0, 0, 0, 0],
      latencySumMs: 0,
      latencyBuckets: new Array<number>(latencyBoundsMs.length + 1).fill(0),
    };
    ofService.push(series);
    return series;
  }
}

function bucketOf(latencyMs: number): number {
  let bucket = 0;
  while (bucket < latencyBoundsMs.length && latencyMs > (latencyBoundsMs[bucket] as number)) {
    bucket++;
  }
  return bucket;
}

function increment(counts: number[], index: number): void {
  counts[index] = (counts[index] ?? 0) + 1;
}
