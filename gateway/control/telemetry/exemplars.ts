/** Owns the exemplars of the latency histogram: in each bucket the last request that was traced. */

import type { ExemplarRecord } from '../../data/observe/observed.ts';
import { type ServedSeries, seriesKey } from '../../data/observe/series.ts';
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

  /** The exemplar of each bucket, where there is one. */
  of(series: ServedSeries): readonly (Exemplar | undefined)[] {
    return this.#series.get(seriesKey({ ...series, kind: 'served' })) ?? [];
  }
}
