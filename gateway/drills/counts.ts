/** Owns how the data path's counters are told to others: requests of this gateway's own clients, by service. */
import { type Counted, type MeasureRecord, maxServices } from '../../federation/drills/records.ts';
import { latencyBoundsMs, type RecordSnapshot } from '../proxy/series.ts';

/** Ends of requests that nobody failed: their clients went away. */
const notFailed = new Set<string>(['CLIENT_GONE']);

/** The busiest services' counts, in order of their names. */
export function countsOf(snapshot: RecordSnapshot): Pick<MeasureRecord, 'services' | 'boundsMs'> {
  const counted = new Map<string, Mutable>();
  const of = (service: Counted['service']): Mutable => {
    const known = counted.get(service) ?? { service, requests: 0, failed: 0, to: {}, latency: [] };
    counted.set(service, known);
    return known;
  };
  for (const served of snapshot.served) {
    // What other gateways sent on, they tell themselves.
    if (served.source !== undefined) continue;
    const { service, cluster: to, requests, byStatusClass, latencyBuckets } = served;
    const one = of(service);
    one.requests += requests;
    one.failed += byStatusClass[5] ?? 0;
    one.to[to] = (one.to[to] ?? 0) + requests;
    for (const [i, n] of latencyBuckets.entries()) one.latency[i] = (one.latency[i] ?? 0) + n;
  }
  for (const { service, code, source, requests } of snapshot.refused) {
    if (service === undefined || source !== undefined || notFailed.has(code)) continue;
    const one = of(service);
    // A response that broke was counted when its head came.
    if (code !== 'RESPONSE_BROKEN') one.requests += requests;
    one.failed += requests;
  }
  const services = [...counted.values()]
    .sort((a, b) => b.requests - a.requests)
    .slice(0, maxServices)
    .sort((a, b) => (a.service < b.service ? -1 : 1));
  return { services, boundsMs: [...latencyBoundsMs] };
}

interface Mutable {
  service: Counted['service'];
  requests: number;
  failed: number;
  to: Record<string, number>;
  latency: number[];
}
