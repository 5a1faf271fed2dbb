/** Owns reading the data path's counters as the graph counts: per service, source, answering cluster and tier, ever growing. */
import type { ClusterName } from '../../core/names.ts';
import type { RecordSnapshot } from '../proxy/series.ts';
import { type SeriesLabels, seriesKey } from './samples.ts';
import { addUp } from './view.ts';

/** Totals since the gateway's start, or since its service came. */
export interface Count {
  readonly labels: SeriesLabels;
  readonly requests: number;
  readonly errors: number;
  readonly latency: readonly number[];
}

/** Who gave up is no failure of the service. */
const notFailures: ReadonlySet<string> = new Set(['CLIENT_GONE']);

/** `self` is the cluster of this gateway's clients, and the one that a refusal by the gateway itself counts for. */
export function countsOf(
  { served, refused }: RecordSnapshot,
  self: ClusterName,
  protocolOf: (service: string) => string,
): Map<string, Count> {
  const counts = new Map<string, Count>();
  for (const one of served) {
    const { service, source = self, cluster, tier, protocol, requests, byStatusClass } = one;
    add(counts, {
      labels: { service, source, cluster, tier, protocol },
      requests,
      errors: byStatusClass[5] ?? 0,
      latency: one.latencyBuckets,
    });
  }
  for (const { service, code, source = self, requests } of refused) {
    if (service === undefined || notFailures.has(code)) continue;
    add(counts, {
      labels: { service, source, cluster: self, tier: 'zone', protocol: protocolOf(service) },
      // One that broke off had its head counted as served.
      requests: code === 'RESPONSE_BROKEN' ? 0 : requests,
      errors: requests,
      latency: [],
    });
  }
  return counts;
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
          errors: before.errors + more.errors,
          latency: addUp(before.latency, more.latency),
        },
  );
}

/** What was counted between two looks. A counter that went back began anew. */
export function increase(now: Count, before: Count | undefined): Omit<Count, 'labels'> {
  if (before === undefined || now.requests < before.requests || now.errors < before.errors)
    return now;
  return {
    requests: now.requests - before.requests,
    errors: now.errors - before.errors,
    latency: now.latency.map((count, i) => Math.max(0, count - (before.latency[i] ?? 0))),
  };
}
