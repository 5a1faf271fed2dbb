/** Owns what a gateway says of itself to the others: that it is there, since when, and how it reaches their clusters. */
import { version } from '../../../core/version.ts';
import type { GatewayRecord } from '../../../registry/model.ts';
import type { Snapshot } from '../../../registry/snapshot.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { Believing } from '../trust/believing.ts';
import type { LinkBoard } from '../workers/link-board.ts';
import type { Identity } from './identity.ts';
import { sharedSettings } from './shared-settings.ts';

export interface GatewayRecordParts {
  readonly config: Pick<
    GatewayConfig,
    'balance' | 'cluster' | 'gateway' | 'services' | 'timeouts' | 'zone'
  >;
  readonly identity: Pick<Identity, 'mark'>;
  readonly snapshot: Snapshot;
  /** Wall milliseconds. */
  readonly startedAt: number;
  readonly believing: Pick<Believing, 'said'>;
  readonly workers: { readonly links: Pick<LinkBoard, 'state'> };
}

export function gatewayRecordOf({
  config,
  identity,
  snapshot,
  startedAt,
  believing,
  workers,
}: GatewayRecordParts): GatewayRecord {
  const { cluster, gateway, zone } = config;
  const rttMs: Record<string, number> = {};
  const links: GatewayRecord['links'] = {};
  for (const name of snapshot.clusters.keys()) {
    const status = workers.links.state(name);
    if (status.state === 'none') continue;
    // Suspicion is over before it would be read: what is published is what lasts.
    links[name] = status.state === 'suspect' ? 'up' : status.state;
    if (status.rttMs !== undefined) rttMs[name] = Math.round(status.rttMs * 100) / 100;
  }
  const { mark } = identity;
  const self = { cluster, id: gateway, zone, version, instance: mark, startedAt };
  const settings = sharedSettings(config);
  return { ...self, rttMs, links, settings, ...(believing.said ?? { believes: {} }) };
}
