/** Owns the requests that buckets of the latency histogram can be seen by: the last that was traced, in each. */
import { type ServedSeries, seriesKey } from '../proxy/series.ts';
import type { ExemplarRecord } from '../trace/observed.ts';
import type { Exemplar } from './family.ts';

export class Exemplars {
  /** By series, then by bucket. */
  readonly #series = new Map<string, (Exemplar | undefined)[]>();

  note({ series, bucket, traceId, spanId, latencyMs, at }: ExemplarRecord): void {
    this.#series.getOrInsertComputed(series, () => [])[bucket] = {
      labelSet: { trace_id: traceId, span_id: spanId },
      value: latencyMs / 1000,
      timestamp: at / 1000,
    };
  }

  /** Of each bucket, where there is one. */
  of(series: ServedSeries): readonly (Exemplar | undefined)[] {
    return this.#series.get(seriesKey({ ...series, kind: 'served' })) ?? [];
  }
}
