/** Owns the demand: requests per second of each service's clients in each cluster, from what gateways counted. */
import type { ClusterName, ServiceName } from '../../core/names.ts';
import { type History, markAt, windowBetween } from './measures.ts';

/** Requests per second by service, then by the cluster whose clients make them. */
export type Demand = ReadonlyMap<ServiceName, ReadonlyMap<ClusterName, number>>;

/** Back so far, milliseconds: demand is steady over that and still as it is now; latency takes more requests to tell. */
export const lookBackMs = { demand: 10_000, latency: 30_000 } as const;

/** Demand over the last ten seconds before monotonic time `now`. */
export function demandAt(histories: ReadonlyMap<string, History>, now: number): Demand {
  const demand = new Map<ServiceName, Map<ClusterName, number>>();
  for (const [gateway, history] of histories) {
    const cluster = gateway.slice(0, gateway.indexOf('/')) as ClusterName;
    const alone = new Map([[gateway, history]]);
    const [from, until] = [markAt(alone, now - lookBackMs.demand), markAt(alone, now)];
    for (const { service } of history.at(-1)?.measure.services ?? []) {
      const { requests, seconds } = windowBetween(from, until, { services: [service] });
      if (requests === 0 || seconds === 0) continue;
      const byCluster = demand.get(service) ?? new Map<ClusterName, number>();
      demand.set(service, byCluster);
      byCluster.set(cluster, (byCluster.get(cluster) ?? 0) + requests / seconds);
    }
  }
  return demand;
}
