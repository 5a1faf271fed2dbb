/** Owns how each cluster's trust bundle stands, as seen from here: what is believed, which root signs, and who has yet to take it up. */
import type { Bundle } from '../../../certs/bundle.ts';
import { fingerprintOf } from '../../../certs/x509.ts';
import { type ClusterName, trustDomainOf } from '../../../core/names.ts';
import type { Snapshot } from '../../../registry/snapshot.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { Identity } from '../membership/identity.ts';
import type { Membership } from '../membership/membership.ts';
import type { LinkBoard } from '../workers/link-board.ts';
import { type Acknowledgement, acknowledgements, laggards, nameOf } from './acknowledgements.ts';

/** A gateway's own beliefs, and what it hears of those of others. */
export interface BelievingParts {
  readonly config: Pick<GatewayConfig, 'cluster' | 'federation'>;
  readonly identity: Pick<Identity, 'authority' | 'leaf'>;
  readonly membership: Pick<Membership, 'believed' | 'bundleOf'>;
  readonly snapshot: Snapshot;
  readonly workers: { readonly links: Pick<LinkBoard, 'state'> };
}

interface RootStanding {
  readonly fingerprint: string;
  readonly notBefore: number;
  readonly notAfter: number;
  /** Whether what the cluster signs now is signed by it, as its record in the registry shows. */
  readonly signs: boolean;
  /** The enterprise's authority that signed it, by its name; absent where it signed itself. */
  readonly under?: string;
}

/** How a cluster's bundle stands. Moments are wall milliseconds. */
interface BundleStanding {
  readonly cluster: ClusterName;
  readonly trustDomain: string;
  readonly sequence: number;
  readonly roots: readonly RootStanding[];
  /** Fingerprint of each root. */
  readonly fingerprints: readonly string[];
  /** End of the root that ends first; 0 without roots. */
  readonly notAfter: number;
  /** This gateway's own cluster. */
  readonly self: boolean;
  /** Whether this gateway verifies peers against it. */
  readonly believed: boolean;
  readonly phase: 'stable' | 'publishing' | 'signing';
  /** How each gateway of the federation stands to it. */
  readonly acks: readonly Acknowledgement[];
  /** Gateways that have not taken it up, though they can be reached, as `cluster/id`. */
  readonly laggards: readonly string[];
  /** The certificate this gateway presents; only with its own cluster's bundle. */
  readonly leaf?: {
    readonly id: string;
    readonly notBefore: number;
    readonly notAfter: number;
    /** Fingerprint of the root that signed it. */
    readonly root: string;
  };
}

export function bundleStandings(gateway: BelievingParts): BundleStanding[] {
  const { config, membership, snapshot } = gateway;
  const names = new Set<ClusterName>([
    config.cluster,
    ...snapshot.clusters.keys(),
    ...membership.believed,
  ]);
  return [...names].sort().map((cluster) => standingOf(gateway, cluster));
}

/** Sequences of the bundles that this gateway's control side believes, by cluster, the own one included. */
export function ownBeliefs({
  config,
  identity,
  membership,
}: Pick<BelievingParts, 'config' | 'identity' | 'membership'>): Record<string, number> {
  const own = [config.cluster, identity.authority.bundle().sequence] as const;
  const others = [...membership.believed].map(
    (cluster) => [cluster, membership.bundleOf(cluster)?.sequence ?? 0] as const,
  );
  return Object.fromEntries([own, ...others]);
}

function standingOf(gateway: BelievingParts, cluster: ClusterName): BundleStanding {
  const { config, identity, membership, snapshot, workers } = gateway;
  const self = cluster === config.cluster;
  const bundle = self ? identity.authority.bundle() : membership.bundleOf(cluster);
  const sequence = bundle?.sequence ?? 0;
  const signer = self
    ? identity.authority.keyId
    : snapshot.clusters.get(cluster)?.bundle?.signature?.keyId;
  const roots = rootStandings(bundle?.roots ?? [], signer);
  const acks = acknowledgements(snapshot, {
    of: cluster,
    sequence,
    isReached: (other) => workers.links.state(other).state !== 'down',
  });
  return {
    cluster,
    trustDomain: trustDomainOf(cluster, config.federation),
    sequence,
    roots,
    fingerprints: roots.map(({ fingerprint }) => fingerprint),
    notAfter: roots.length === 0 ? 0 : Math.min(...roots.map(({ notAfter }) => notAfter)),
    self,
    believed: bundle !== undefined,
    phase: phaseOf(roots),
    acks,
    laggards: laggards(acks).map(nameOf),
    ...(self && { leaf: leafOf(gateway) }),
  };
}

function rootStandings(roots: Bundle['roots'], signer: string | undefined): RootStanding[] {
  return roots.map((root) => {
    const fingerprint = fingerprintOf(root.raw);
    return {
      fingerprint,
      notBefore: root.validFromDate.getTime(),
      notAfter: root.validToDate.getTime(),
      signs: fingerprint === signer,
      ...(root.issuer !== root.subject && { under: root.issuer.replaceAll('\n', ', ') }),
    };
  });
}

/** Several roots mean that one is replacing another: the newest signs once everyone holds it. */
function phaseOf(roots: readonly RootStanding[]): BundleStanding['phase'] {
  if (roots.length <= 1) return 'stable';
  const newest = Math.max(...roots.map(({ notBefore }) => notBefore));
  return roots.some(({ signs, notBefore }) => signs && notBefore === newest)
    ? 'signing'
    : 'publishing';
}

function leafOf({ identity }: BelievingParts): NonNullable<BundleStanding['leaf']> {
  const { id, notBefore, notAfter, root } = identity.leaf.current;
  return { id: id.uri, notBefore, notAfter, root };
}
