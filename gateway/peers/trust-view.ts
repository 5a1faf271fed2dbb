/** Owns how each cluster's trust bundle stands, as seen from here: what is believed, and who has yet to take it up. */
import type { Bundle } from '../../certs/bundle.ts';
import { fingerprintOf } from '../../certs/x509.ts';
import { type ClusterName, trustDomainOf } from '../../core/names.ts';
import type { TrustItem } from '../admin/answers.ts';
import type { Gateway } from '../gateway.ts';

/** Sequences of the bundles that another cluster believes, by cluster; undefined for one that does not answer. */
export interface TrustPeers {
  beliefs(): Promise<ReadonlyMap<ClusterName, ReadonlyMap<string, number> | undefined>>;
}

export async function trustItems(gateway: Gateway, peers: TrustPeers): Promise<TrustItem[]> {
  const { config, membership } = gateway;
  const { cluster: self } = config;
  const names = new Set<ClusterName>([
    self,
    ...gateway.snapshot.clusters.keys(),
    ...membership.believed,
  ]);
  const own = [self, new Map(Object.entries(ownBeliefs(gateway)))] as const;
  const beliefs = new Map([own, ...(await peers.beliefs())]);
  return [...names].sort().map((cluster) => itemOf(gateway, cluster, beliefs));
}

/** What this gateway believes, for the others: sequences by cluster, its own included. */
export function ownBeliefs(gateway: Gateway): Record<string, number> {
  const { config, identity, membership } = gateway;
  const own = [config.cluster, identity.authority.bundle().sequence] as const;
  const others = [...membership.believed].map(
    (cluster) => [cluster, membership.bundleOf(cluster)?.sequence ?? 0] as const,
  );
  return Object.fromEntries([own, ...others]);
}

function itemOf(
  gateway: Gateway,
  cluster: ClusterName,
  beliefs: ReadonlyMap<ClusterName, ReadonlyMap<string, number> | undefined>,
): TrustItem {
  const { config, identity, membership } = gateway;
  const self = cluster === config.cluster;
  const bundle = self ? identity.authority.bundle() : membership.bundleOf(cluster);
  const sequence = bundle?.sequence ?? 0;
  const roots = bundle?.roots ?? [];
  const acks: { cluster: ClusterName; sequence: number }[] = [];
  const laggards: ClusterName[] = [];
  for (const [other, believed] of beliefs) {
    if (other === cluster || believed === undefined) continue;
    const taken = believed.get(cluster);
    if (taken !== undefined) acks.push({ cluster: other, sequence: taken });
    if (taken === undefined || taken < sequence) laggards.push(other);
  }
  return {
    cluster,
    trustDomain: trustDomainOf(cluster, config.federation),
    sequence,
    fingerprints: roots.map((root) => fingerprintOf(root.raw)),
    notAfter: endOf(roots),
    self,
    believed: bundle !== undefined,
    phase: phaseOf(roots.length, laggards.length),
    acks,
    laggards,
    ...(self ? { leaf: leafOf(gateway) } : {}),
  };
}

/** Several roots mean that one is replacing another: everyone has to hold the new one before it may sign. */
function phaseOf(roots: number, laggards: number): TrustItem['phase'] {
  if (roots <= 1) return 'stable';
  return laggards > 0 ? 'publishing' : 'signing';
}

/** End of the root that ends first, wall milliseconds; 0 without roots, which vouch for nobody. */
function endOf(roots: Bundle['roots']): number {
  return roots.length === 0 ? 0 : Math.min(...roots.map((root) => root.validToDate.getTime()));
}

function leafOf({ identity }: Gateway): NonNullable<TrustItem['leaf']> {
  const { id, notBefore, notAfter } = identity.leaf.current;
  return { id: id.uri, notBefore, notAfter };
}
