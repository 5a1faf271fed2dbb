/** Owns the numbers of the data path: plain counters that a request adds to and telemetry reads. */
import type { ServiceName } from '../../core/names.ts';
import type { TierKind } from '../balance/types.ts';
import { Ledger, type Slots } from './ledger.ts';
import {
  latencyBoundsMs,
  type RecordSnapshot,
  type RefusedLabels,
  type RetriedLabels,
  recordSnapshot,
  type SeriesLabels,
  seriesKey,
  seriesSizes,
  servedSlots,
} from './series.ts';

/** Hears of a series before anything is counted in it. */
export type SeriesListener = (labels: SeriesLabels, slots: Slots) => void;

interface Series {
  readonly labels: SeriesLabels;
  readonly slots: Slots;
}

export class Recorder {
  readonly #ledger: Ledger;
  readonly #onSeries: SeriesListener;
  readonly #series = new Map<string, Series>();
  /** In front of `#series`, by what the calls name: no key is put together for a request. */
  readonly #served = new Map<ServiceName, Map<string, Map<TierKind, Slots>>>();
  readonly #inFlight: Slots;

  /** `inFlight` begins with the slot that holds how many requests are in flight. */
  constructor(
    ledger: Ledger = new Ledger(),
    onSeries: SeriesListener = () => undefined,
    inFlight: Slots = ledger.take(1),
  ) {
    this.#ledger = ledger;
    this.#onSeries = onSeries;
    this.#inFlight = inFlight;
  }

  /** Requests that have come and are not answered in full. */
  get inFlight(): number {
    return this.#inFlight.values[this.#inFlight.at] ?? 0;
  }

  set inFlight(count: number) {
    this.#inFlight.values[this.#inFlight.at] = count;
  }

  served(
    service: ServiceName,
    cluster: string,
    tier: TierKind,
    status: number,
    latencyMs: number,
  ): void {
    const slots =
      this.#served.get(service)?.get(cluster)?.get(tier) ??
      this.#openServed(service, cluster, tier);
    const { values, at } = slots;
    add(values, at + servedSlots.latencySumMs, latencyMs);
    add(values, at + servedSlots.byStatusClass + Math.floor(status / 100), 1);
    add(values, at + servedSlots.latencyBuckets + bucketOf(latencyMs), 1);
  }

  refused(service: ServiceName | undefined, code: RefusedLabels['code']): void {
    this.#count({ kind: 'refused', service, code });
  }

  retried(service: ServiceName, reason: RetriedLabels['reason']): void {
    this.#count({ kind: 'retried', service, reason });
  }

  /** Copies of every series as they stand. Counters only grow. */
  snapshot(): RecordSnapshot {
    return recordSnapshot(
      this.inFlight,
      Iterator.from(this.#series.values()).map(({ labels, slots: { values, at, size } }) => [
        labels,
        values.subarray(at, at + size),
      ]),
    );
  }

  #count(labels: SeriesLabels): void {
    const { values, at } = this.#open(labels);
    add(values, at, 1);
  }

  #openServed(service: ServiceName, cluster: string, tier: TierKind): Slots {
    const slots = this.#open({ kind: 'served', service, cluster, tier });
    const clusters = this.#served.getOrInsertComputed(service, () => new Map());
    const tiers = clusters.getOrInsertComputed(cluster, () => new Map<TierKind, Slots>());
    tiers.set(tier, slots);
    return slots;
  }

  #open(labels: SeriesLabels): Slots {
    const key = seriesKey(labels);
    const known = this.#series.get(key);
    if (known !== undefined) return known.slots;
    const slots = this.#ledger.take(seriesSizes[labels.kind]);
    this.#series.set(key, { labels, slots });
    this.#onSeries(labels, slots);
    return slots;
  }
}

function bucketOf(latencyMs: number): number {
  for (let i = 0; i < latencyBoundsMs.length; i++) {
    if (latencyMs <= (latencyBoundsMs[i] ?? 0)) return i;
  }
  return latencyBoundsMs.length;
}

function add(values: Float64Array, at: number, by: number): void {
  values[at] = (values[at] ?? 0) + by;
}
