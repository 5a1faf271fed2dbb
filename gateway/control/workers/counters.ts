/** Owns the counters of all workers as one: read where the workers write them, kept when a worker ends. */
import {
  type RecordSnapshot,
  recordSnapshot,
  type SeriesLabels,
  seriesKey,
} from '../../data/observe/series.ts';
import { Gauges } from '../../data/worker/gauges.ts';
import type { FromWorker } from '../../data/worker/protocol.ts';

type Announcement = Extract<FromWorker, { kind: 'slab' | 'gauges' | 'series' }>;

interface Series {
  readonly labels: SeriesLabels;
  /** The worker's own slots. */
  readonly values: Float64Array;
}

/** One worker's counters and gauges. */
export class WorkerCounters {
  readonly #slabs = new Map<number, Float64Array<SharedArrayBuffer>>();
  readonly #series: Series[] = [];
  #gauges: Gauges | undefined;

  /** Takes in what a worker says of where it counts. Slabs are announced before what is in them. */
  note(message: Announcement): void {
    if (message.kind === 'slab') {
      this.#slabs.set(message.slab, message.values);
      return;
    }
    const values = this.#slabs.get(message.slab);
    if (values === undefined) return;
    const { at } = message;
    if (message.kind === 'gauges') this.#gauges = new Gauges({ values, at });
    else {
      const { labels, size } = message;
      this.#series.push({ labels, values: values.subarray(at, at + size) });
    }
  }

  /** Absent until the worker runs. */
  get gauges(): Gauges | undefined {
    return this.#gauges;
  }

  get series(): readonly Series[] {
    return this.#series;
  }
}

/** Sums over workers, by series. */
export class Counters {
  readonly #workers = new Set<WorkerCounters>();
  /** The counts of workers that have ended, so that no sum goes back. */
  readonly #kept = new Map<string, Series>();

  add(worker: WorkerCounters): void {
    this.#workers.add(worker);
  }

  /** The worker has ended; what it counted stays. */
  retire(worker: WorkerCounters): void {
    if (this.#workers.delete(worker)) sumInto(this.#kept, worker);
  }

  snapshot(): RecordSnapshot {
    const sums = new Map(
      Array.from(this.#kept, ([key, { labels, values }]) => [
        key,
        { labels, values: values.slice() },
      ]),
    );
    let inFlight = 0;
    for (const worker of this.#workers) {
      sumInto(sums, worker);
      inFlight += worker.gauges?.get('inFlight') ?? 0;
    }
    return recordSnapshot(
      inFlight,
      Iterator.from(sums.values()).map(({ labels, values }) => [labels, values]),
    );
  }
}

function sumInto(sums: Map<string, Series>, { series }: WorkerCounters): void {
  for (const { labels, values } of series) {
    const key = seriesKey(labels);
    const sum = sums.get(key)?.values;
    if (sum === undefined) sums.set(key, { labels, values: values.slice() });
    else for (const [i, value] of values.entries()) sum[i] = (sum[i] ?? 0) + value;
  }
}
