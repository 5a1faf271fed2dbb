/** Owns where the other gateways' admin APIs are: at the federation addresses of clusters that are members and believed. */
import { parseTrustDomain, type TrustDomain } from '../../../certs/spiffe-id.ts';
import { IsthmusError } from '../../../core/errors.ts';
import type { ClusterName } from '../../../core/names.ts';
import type { Snapshot } from '../../../registry/snapshot.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { Membership } from '../membership/membership.ts';
import type { OtherGateway } from './other-gateway.ts';

/** A cluster whose gateways can be asked: another one, or this gateway's own, for its siblings. */
export interface KnownCluster {
  readonly trustDomain: TrustDomain;
  /** Federation addresses of its gateways. */
  readonly addresses: readonly string[];
}

/** The parts that know which clusters are members, and believed. */
interface KnownClusters {
  readonly snapshot: Snapshot;
  readonly membership: Pick<Membership, 'believed'>;
}

/** Beside those, which gateway this is. */
export interface KnownGateways extends KnownClusters {
  readonly config: Pick<GatewayConfig, 'cluster' | 'advertise'>;
  readonly addresses: { readonly federation: string };
}

/** Throws CLUSTER_NOT_FOUND. */
export function knownCluster(known: KnownGateways, name: string): KnownCluster {
  const cluster = name as ClusterName;
  const record = known.snapshot.clusters.get(cluster)?.record;
  if (record && isKnown(known, cluster)) {
    return { trustDomain: parseTrustDomain(record.trustDomain), addresses: record.federation };
  }
  throw new IsthmusError('CLUSTER_NOT_FOUND', { what: `${name} is not a member` });
}

/** Each address is taken for a gateway of its own; those of this gateway are left out. */
export function otherGateways(known: KnownGateways): OtherGateway[] {
  const { addresses, config, snapshot } = known;
  const own = new Set([addresses.federation, ...(config.advertise.federation ?? [])]);
  return [...snapshot.clusters.values()].flatMap(({ cluster, record }) =>
    isKnown(known, cluster)
      ? (record?.federation ?? [])
          .filter((address) => !own.has(address))
          .map((address) => ({ cluster, address }))
      : [],
  );
}

/** Among the bundles that are believed is not the own cluster's. */
function isKnown({ config, membership }: KnownGateways, cluster: ClusterName): boolean {
  return cluster === config.cluster || membership.believed.has(cluster);
}
