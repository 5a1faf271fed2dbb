/** Owns the numbers of the data path: plain counters that a request adds to and telemetry reads. */
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import type { BreakerName } from '../../../policy/traffic/breakers.ts';
import type { TierKind } from '../balance/types.ts';
import { Ledger, type Slots } from './ledger.ts';
import {
  type NamedLabels,
  type RecordSnapshot,
  type RefusedConnectionLabels,
  type RefusedLabels,
  type RetriedLabels,
  recordSnapshot,
  type SeriesLabels,
  type ServedLabels,
  seriesKey,
  seriesSizes,
} from './series.ts';
import { ServedCounts } from './served-counts.ts';

/** Hears of a series before anything is counted in it. */
type SeriesSubscriber = (labels: SeriesLabels, slots: Slots) => void;

interface Series {
  readonly labels: SeriesLabels;
  readonly slots: Slots;
}

export class Recorder {
  readonly #ledger: Ledger;
  readonly #onSeries: SeriesSubscriber;
  readonly #series = new Map<string, Series>();
  /** In front of `#series`: few of each service, so that no key is put together for a request. */
  readonly #served = new Map<ServiceName, ServedCounts[]>();
  readonly #inFlight: Slots;

  /** `inFlight` begins with the slot that holds how many requests are in flight. */
  constructor(
    ledger: Ledger = new Ledger(),
    onSeries: SeriesSubscriber = () => undefined,
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

  /** The counts of what `cluster` answers of what `source` asks; see `ServedLabels`. */
  served(
    service: ServiceName,
    source: ClusterName | undefined,
    cluster: ClusterName,
    tier: TierKind,
    protocol: ServedLabels['protocol'],
  ): ServedCounts {
    const known = this.#served.get(service);
    if (known !== undefined) {
      for (let i = 0; i < known.length; i++) {
        const counts = known[i] as ServedCounts;
        if (counts.are(source, cluster, tier, protocol)) return counts;
      }
    }
    return this.#openServed({ kind: 'served', service, source, cluster, tier, protocol });
  }

  /** `source`: as in `RefusedLabels`. */
  refused(
    service: ServiceName | undefined,
    code: RefusedLabels['code'],
    source?: ClusterName | undefined,
  ): void {
    this.#count({ kind: 'refused', service, code, source });
  }

  /** `source`: as in `RefusedConnectionLabels`. */
  refusedConnection(
    reason: RefusedConnectionLabels['reason'],
    source?: ClusterName | undefined,
  ): void {
    this.#count({ kind: 'refused-connection', reason, source });
  }

  retried(service: ServiceName, reason: RetriedLabels['reason']): void {
    this.#count({ kind: 'retried', service, reason });
  }

  /** A breaker turned a try away from a cluster. */
  shut(service: ServiceName, cluster: ClusterName, breaker: BreakerName): void {
    this.#count({ kind: 'shut', service, cluster, breaker });
  }

  /** A written policy, `Kind/namespace/name`, has decided something about a request. */
  decided(policy: string, outcome: string): void {
    this.#count({ kind: 'decided', policy, outcome });
  }

  /** The counts of what a caller with that name asks. */
  named(labels: NamedLabels): Slots {
    return this.#open(labels);
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
    values[at] = (values[at] ?? 0) + 1;
  }

  #openServed(labels: ServedLabels): ServedCounts {
    const counts = new ServedCounts(labels, this.#open(labels));
    this.#served.getOrInsertComputed(labels.service, () => []).push(counts);
    return counts;
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
