/** Owns counting in one series of answered requests: a handful of additions for each, in slots that are there already. */
import type { TierKind } from '../balance/types.ts';
import type { Slots } from './ledger.ts';
import { latencyBoundsMs, type ServedLabels, seriesKey, servedSlots } from './series.ts';

export class ServedCounts {
  readonly #labels: ServedLabels;
  readonly #values: Float64Array;
  readonly #at: number;

  constructor(labels: ServedLabels, { values, at }: Slots) {
    this.#labels = labels;
    this.#values = values;
    this.#at = at;
  }

  /** Key of the series; see `seriesKey`. */
  get key(): string {
    return seriesKey(this.#labels);
  }

  /** Whether these are the counts of that series; the service is known to be the same. */
  are(
    source: string | undefined,
    cluster: string,
    tier: TierKind,
    protocol: ServedLabels['protocol'],
  ): boolean {
    const labels = this.#labels;
    return (
      labels.cluster === cluster &&
      labels.source === source &&
      labels.tier === tier &&
      labels.protocol === protocol
    );
  }

  /** The head of an answer has come, that many milliseconds after the request. */
  answered(status: number, latencyMs: number): void {
    const { latencySumMs, byStatusClass, latencyBuckets } = servedSlots;
    this.#add(latencySumMs, latencyMs);
    this.#add(byStatusClass + Math.floor(status / 100), 1);
    this.#add(latencyBuckets + bucketOf(latencyMs), 1);
  }

  requestBytes(count: number): void {
    this.#add(servedSlots.requestBytes, count);
  }

  responseBytes(count: number): void {
    this.#add(servedSlots.responseBytes, count);
  }

  #add(slot: number, by: number): void {
    const values = this.#values;
    const at = this.#at + slot;
    values[at] = (values[at] ?? 0) + by;
  }
}

/** The bucket of `latencyBoundsMs` that a latency falls into. */
export function bucketOf(latencyMs: number): number {
  for (let i = 0; i < latencyBoundsMs.length; i++) {
    if (latencyMs <= (latencyBoundsMs[i] ?? 0)) return i;
  }
  return latencyBoundsMs.length;
}
