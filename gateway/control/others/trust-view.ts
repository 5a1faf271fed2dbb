/** Owns how each cluster's trust bundle stands, as seen from here: what is believed, and who has yet to take it up. */
import type { Bundle } from '../../../certs/bundle.ts';
import { fingerprintOf } from '../../../certs/x509.ts';
import { type ClusterName, trustDomainOf } from '../../../core/names.ts';
import type { Snapshot } from '../../../registry/snapshot.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { Identity } from '../membership/identity.ts';
import type { Membership } from '../membership/membership.ts';

/** A gateway's own beliefs. */
export interface Believing {
  readonly config: Pick<GatewayConfig, 'cluster' | 'federation'>;
  readonly identity: Pick<Identity, 'authority' | 'leaf'>;
  readonly membership: Pick<Membership, 'believed' | 'bundleOf'>;
  readonly snapshot: Snapshot;
}

/** How a cluster's bundle stands. Moments are wall milliseconds. */
interface BundleStanding {
  readonly cluster: ClusterName;
  readonly trustDomain: string;
  readonly sequence: number;
  /** Fingerprint of each root. */
  readonly fingerprints: readonly string[];
  /** End of the root that ends first. */
  readonly notAfter: number;
  /** This gateway's own cluster. */
  readonly self: boolean;
  /** Whether this gateway verifies peers against it. */
  readonly believed: boolean;
  readonly phase: 'stable' | 'publishing' | 'signing';
  /** The sequence each other cluster believes, as far as its gateways answer. */
  readonly acks: readonly { readonly cluster: ClusterName; readonly sequence: number }[];
  /** Clusters that believe an older sequence, or none. */
  readonly laggards: readonly ClusterName[];
  /** The certificate this gateway presents; only with its own cluster's bundle. */
  readonly leaf?: { readonly id: string; readonly notBefore: number; readonly notAfter: number };
}

/** Sequences of the believed bundles, by cluster. */
export type Sequences = ReadonlyMap<string, number>;

/** What the gateways that can be asked believe, by their cluster; undefined for one where none answers. */
export interface BeliefSource {
  beliefs(): Promise<ReadonlyMap<ClusterName, Sequences | undefined>>;
}

/** A cluster believes what all of its gateways that answer do. */
export function least(a: Sequences | undefined, b: Sequences | undefined): Sequences | undefined {
  if (!a || !b) return a ?? b;
  const both = [...a].flatMap(([cluster, sequence]) => {
    const other = b.get(cluster);
    return other === undefined ? [] : [[cluster, Math.min(sequence, other)] as const];
  });
  return new Map(both);
}

export async function bundleStandings(
  gateway: Believing,
  others: BeliefSource,
): Promise<BundleStanding[]> {
  const { config, membership } = gateway;
  const { cluster: self } = config;
  const names = new Set<ClusterName>([
    self,
    ...gateway.snapshot.clusters.keys(),
    ...membership.believed,
  ]);
  const told = await others.beliefs();
  const own = least(new Map(Object.entries(ownBeliefs(gateway))), told.get(self));
  const beliefs = new Map([...told, [self, own]]);
  return [...names].sort().map((cluster) => standingOf(gateway, cluster, beliefs));
}

/** This gateway's beliefs, for the others: sequences by cluster, its own included. */
export function ownBeliefs(gateway: Believing): Record<string, number> {
  const { config, identity, membership } = gateway;
  const own = [config.cluster, identity.authority.bundle().sequence] as const;
  const others = [...membership.believed].map(
    (cluster) => [cluster, membership.bundleOf(cluster)?.sequence ?? 0] as const,
  );
  return Object.fromEntries([own, ...others]);
}

function standingOf(
  gateway: Believing,
  cluster: ClusterName,
  beliefs: ReadonlyMap<ClusterName, Sequences | undefined>,
): BundleStanding {
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
function phaseOf(roots: number, laggards: number): BundleStanding['phase'] {
  if (roots <= 1) return 'stable';
  return laggards > 0 ? 'publishing' : 'signing';
}

/** End of the root that ends first, wall milliseconds; 0 without roots, which vouch for nobody. */
function endOf(roots: Bundle['roots']): number {
  return roots.length === 0 ? 0 : Math.min(...roots.map((root) => root.validToDate.getTime()));
}

function leafOf({ identity }: Believing): NonNullable<BundleStanding['leaf']> {
  const { id, notBefore, notAfter } = identity.leaf.current;
  return { id: id.uri, notBefore, notAfter };
}
