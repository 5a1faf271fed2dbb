/** Owns the part of a check that looks whether the gateways of a cluster say the same of it. */
import type { Snapshot } from '../../../registry/snapshot.ts';
import type { GatewayConfig } from '../config/config.ts';
import { differingSettings, sharedSettings } from '../membership/shared-settings.ts';
import { type Finding, warning } from './finding.ts';

export interface ComparedParts {
  readonly config: Pick<
    GatewayConfig,
    'balance' | 'capacity' | 'cluster' | 'gateway' | 'services' | 'timeouts'
  >;
  readonly snapshot: Pick<Snapshot, 'clusters'>;
}

/** What other gateways of the own cluster that live are configured for otherwise than this one; nothing where they agree. */
export function siblings({ config, snapshot }: ComparedParts): Finding[] {
  const own = snapshot.clusters.get(config.cluster);
  const findings: Finding[] = [];
  for (const [id, { settings }] of own?.gateways ?? []) {
    if (id === config.gateway) continue;
    const capacity = own?.record?.gateways?.[id]?.capacity;
    const isLess = capacity !== undefined && capacity !== config.capacity;
    const isMore = capacity === undefined && config.capacity !== undefined;
    // One of version 0.1 says neither.
    if (settings !== undefined && (isLess || isMore)) {
      const stated = (what: number | undefined) => (what === undefined ? 'none' : `${what}`);
      findings.push(
        differ(
          `${id} is configured for a capacity of ${stated(capacity)}, and this gateway for ${stated(config.capacity)}: ${stated(own?.record?.capacity)} holds, the least that is stated`,
        ),
      );
    }
    const differing = differingSettings(sharedSettings(config), settings);
    if (differing.length > 0) {
      findings.push(
        differ(
          `${id} is configured otherwise than this gateway (${differing.join(', ')}): each treats its own clients by its own`,
        ),
      );
    }
  }
  return findings;
}

function differ(what: string): Finding {
  const fix =
    'Give all gateways of a cluster the same configuration, but for what is each its own.';
  return warning('config', 'GATEWAYS_DIFFER', what, fix);
}
