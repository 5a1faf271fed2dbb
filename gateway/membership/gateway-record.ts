/** Owns what a gateway says of itself to the others: that it is there, since when, and how it reaches their clusters. */
import { version } from '../../core/version.ts';
import type { GatewayRecord } from '../../registry/model.ts';
import type { Gateway } from '../gateway.ts';

export function gatewayRecordOf({
  config,
  snapshot,
  startedAt,
  workers,
}: Pick<Gateway, 'config' | 'snapshot' | 'startedAt' | 'workers'>): GatewayRecord {
  const { cluster, gateway, zone } = config;
  const rttMs: Record<string, number> = {};
  const links: GatewayRecord['links'] = {};
  for (const name of snapshot.clusters.keys()) {
    const status = workers.links.state(name);
    if (status.state === 'none') continue;
    links[name] = status.state;
    if (status.rttMs !== undefined) rttMs[name] = Math.round(status.rttMs * 100) / 100;
  }
  return { cluster, id: gateway, zone, version, startedAt, rttMs, links };
}
