/** Owns reading the data path's counters as the graph counts: per service, source, answering cluster and tier, ever growing. */
import type { ClusterName } from '../../../core/names.ts';
import { outcomesOf } from '../../data/observe/outcomes.ts';
import type { RecordSnapshot } from '../../data/observe/series.ts';
import { type SeriesLabels, seriesKey } from './samples.ts';
import { addUp } from './view.ts';

/** Totals since the gateway's start, or since its service came. */
export interface Count {
  readonly labels: SeriesLabels;
  readonly requests: number;
  /** Those of `requests` that a service answered; the gateway itself refused the others. */
  readonly answered: number;
  readonly errors: number;
  readonly latency: readonly number[];
}

/** `self` is the cluster of this gateway's clients, and the one that a refusal by the gateway itself counts for. */
export function countsOf(
  snapshot: RecordSnapshot,
  self: ClusterName,
  protocolOf: (service: string) => string,
): Map<string, Count> {
  const counts = new Map<string, Count>();
  for (const { service, source = self, answered: by, ...counted } of outcomesOf(snapshot)) {
    const { cluster, tier, protocol } = by ?? refusedBy(self, protocolOf(service));
    const answered = by === undefined ? 0 : counted.requests;
    add(counts, { labels: { service, source, cluster, tier, protocol }, answered, ...counted });
  }
  return counts;
}

function refusedBy(cluster: ClusterName, protocol: string) {
  return { cluster, tier: 'zone', protocol } as const;
}

function add(counts: Map<string, Count>, more: Count): void {
  const key = seriesKey(more.labels);
  const before = counts.get(key);
  counts.set(
    key,
    before === undefined
      ? more
      : {
          labels: more.labels,
          requests: before.requests + more.requests,
          answered: before.answered + more.answered,
          errors: before.errors + more.errors,
          latency: addUp(before.latency, more.latency),
        },
  );
}

/** The counts between two looks. A counter that went back began anew. */
export function increase(now: Count, before: Count | undefined): Omit<Count, 'labels'> {
  if (before === undefined || now.requests < before.requests || now.errors < before.errors)
    return now;
  return {
    requests: now.requests - before.requests,
    answered: now.answered - before.answered,
    errors: now.errors - before.errors,
    latency: now.latency.map((count, i) => Math.max(0, count - (before.latency[i] ?? 0))),
  };
}
