/** Owns how one tier's hosts divide its load: which of them count, and with what weight. */
import { clusterKey, endpointKey } from './ejections.ts';
import type { EndpointView, Target, Tier, TierMember } from './types.ts';

/** Which hosts carry a load: the healthy ones, the degraded ones, or in panic all of them. */
export type HostClass = 'healthy' | 'degraded' | 'all';

export interface WeightedTarget {
  readonly target: Target;
  readonly weight: number;
}

/** The loads of a tier with the hosts that carry each. */
export function loadsByClass(tier: Tier): { readonly hosts: HostClass; readonly load: number }[] {
  if (tier.panic) return [{ hosts: 'all', load: tier.healthyLoad + tier.degradedLoad }];
  return [
    { hosts: 'healthy', load: tier.healthyLoad },
    { hosts: 'degraded', load: tier.degradedLoad },
  ];
}

/** Whether an endpoint is of a class; one of weight 0 is of none. */
export function isOfClass(endpoint: EndpointView, hosts: HostClass): boolean {
  if (endpoint.weight === 0) return false;
  return hosts === 'all' || (!endpoint.ejected && endpoint.health === hosts);
}

/** The targets of a tier for one class of hosts. Another cluster is one target, whatever its zones. */
export function targetsOf(tier: Tier, hosts: HostClass): WeightedTarget[] {
  if (tier.kind === 'cluster') {
    if (hosts !== 'all' && tier[hosts] === 0) return [];
    const { cluster } = tier;
    const target = { kind: 'cluster', key: clusterKey(cluster), cluster, tier: tier.kind } as const;
    return [{ target, weight: 1 }];
  }
  return tier.members.flatMap((member) => targetsOfMember(tier, member, hosts));
}

/** A locality's weight, divided among its endpoints of the class by their own weights. */
function targetsOfMember(tier: Tier, member: TierMember, hosts: HostClass): WeightedTarget[] {
  const usable = (member.group.endpoints ?? []).filter((endpoint) => isOfClass(endpoint, hosts));
  const sum = usable.reduce((total, endpoint) => total + weightNow(endpoint), 0);
  const scale = hosts === 'all' || member.weight <= 0 ? 1 : member.weight / sum;
  return usable.map((endpoint) => ({
    target: { kind: 'endpoint', key: endpointKey(endpoint.id), endpoint, tier: tier.kind },
    weight: weightNow(endpoint) * scale,
  }));
}

function weightNow({ weight, start = 1 }: EndpointView): number {
  return weight * start;
}

/** `host:port`. */
export function addressOf({ address, port }: EndpointView): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
