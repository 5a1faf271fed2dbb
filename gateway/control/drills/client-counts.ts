/** Owns how the data path's counters are told to others: requests of this gateway's own clients, by service. */
import type { ServiceName } from '../../../core/names.ts';
import {
  type Counted,
  type MeasureRecord,
  maxServices,
} from '../../../federation/drills/records.ts';
import { outcomesOf } from '../../data/observe/outcomes.ts';
import { latencyBoundsMs, type RecordSnapshot } from '../../data/observe/series.ts';

/** Counts of the services that are `wanted`, then of the busiest, in order of their names. */
export function clientCounts(
  snapshot: RecordSnapshot,
  wanted: ReadonlySet<ServiceName> = new Set(),
): Pick<MeasureRecord, 'services' | 'boundsMs'> {
  const counted = new Map<ServiceName, Counted>();
  for (const { service, source, answered, requests, errors, latency } of outcomesOf(snapshot)) {
    // Requests that other gateways sent on are told of by those.
    if (source !== undefined) continue;
    const one = counted.get(service) ?? { service, requests: 0, failed: 0, to: {}, latency: [] };
    counted.set(service, one);
    one.requests += requests;
    one.failed += errors;
    if (answered) one.to[answered.cluster] = (one.to[answered.cluster] ?? 0) + requests;
    for (const [i, n] of latency.entries()) one.latency[i] = (one.latency[i] ?? 0) + n;
  }
  const services = [...counted.values()]
    .sort(
      (a, b) =>
        Number(wanted.has(b.service)) - Number(wanted.has(a.service)) || b.requests - a.requests,
    )
    .slice(0, maxServices)
    .sort((a, b) => (a.service < b.service ? -1 : 1));
  return { services, boundsMs: [...latencyBoundsMs] };
}
