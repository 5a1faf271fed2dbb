/** Owns a service as the table shows it: what there is of it, and how its traffic goes. */
import type { ServiceItem, TrafficItem } from '../../../../answers.ts';

export interface ServiceRow extends ServiceItem {
  readonly traffic: TrafficItem | undefined;
  /** Of the last step with traffic known; per second. */
  readonly requests: number | undefined;
  /** Of those, failed: 0 to 1. */
  readonly errorRatio: number | undefined;
  readonly p99Ms: number | undefined;
  /** Over all clusters. */
  readonly healthy: number;
  readonly total: number;
}

/** Steps that a figure is the mean of: one alone flickers. */
const steps = 3;

export function serviceRow(service: ServiceItem, traffic: TrafficItem | undefined): ServiceRow {
  const requests = traffic && mean(traffic.requests.slice(-steps));
  const errors = traffic && mean(traffic.errors.slice(-steps));
  return {
    ...service,
    remotes: [...service.remotes].sort((a, b) => a.cluster.localeCompare(b.cluster, 'en')),
    traffic,
    requests,
    errorRatio: requests ? (errors ?? 0) / requests : undefined,
    p99Ms: traffic?.p99Ms.slice(-steps).findLast((value) => value !== null) ?? undefined,
    healthy: service.remotes.reduce((sum, r) => sum + r.healthy, service.endpoints.healthy),
    total: service.remotes.reduce((sum, r) => sum + r.total, service.endpoints.total),
  };
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
