/** Owns a service as the table shows it: its copies, and how its traffic goes. */
import type { ServiceItem, TrafficItem } from '../../../../gateway/control/api/answers.ts';
import { type Health, healthOf, sumHealth } from '../../format/health.ts';
import { naturally } from '../../format/order.ts';

export interface ServiceRow extends ServiceItem {
  readonly traffic: TrafficItem | undefined;
  /** Requests per second in the last step with traffic known. */
  readonly requests: number | undefined;
  /** Share of requests that failed: 0 to 1. */
  readonly errorRatio: number | undefined;
  readonly p99Ms: number | undefined;
  /** Over all clusters. */
  readonly health: Health;
}

/** Steps that a figure is the mean of: one alone flickers. */
const steps = 3;

export function serviceRow(service: ServiceItem, traffic: TrafficItem | undefined): ServiceRow {
  const requests = traffic && mean(traffic.requests.slice(-steps));
  const errors = traffic && mean(traffic.errors.slice(-steps));
  return {
    ...service,
    remotes: [...service.remotes].sort((a, b) => naturally(a.cluster, b.cluster)),
    traffic,
    requests,
    errorRatio: requests ? (errors ?? 0) / requests : undefined,
    p99Ms: traffic?.p99Ms.slice(-steps).findLast((value) => value !== null) ?? undefined,
    health: sumHealth([service.endpoints, ...service.remotes].map(healthOf)),
  };
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
