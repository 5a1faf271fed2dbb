/** Owns where the other gateways' admin APIs are: at the federation addresses of clusters that are members and believed. */
import { parseTrustDomain, type TrustDomain } from '../../../certs/spiffe-id.ts';
import { IsthmusError } from '../../../core/errors.ts';
import type { ClusterName } from '../../../core/names.ts';
import { gatewaysOf, nearAddresses } from '../../../registry/gateway-addresses.ts';
import type { Snapshot } from '../../../registry/snapshot.ts';
import { addressOf, networkOf } from '../config/addresses.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { Membership } from '../membership/membership.ts';
import type { OtherGateway } from './other-gateway.ts';

/** A cluster whose gateways can be asked: another one, or this gateway's own, for its siblings. */
export interface KnownCluster {
  readonly trustDomain: TrustDomain;
  /** Federation addresses of its gateways: those of our network first. */
  readonly addresses: readonly string[];
}

/** The parts that know which clusters are members, and believed. */
interface KnownClusters {
  readonly snapshot: Snapshot;
  readonly membership: Pick<Membership, 'believed'>;
}

/** Beside those, which gateway this is. */
export interface KnownGateways extends KnownClusters {
  readonly config: Pick<GatewayConfig, 'advertise' | 'cluster' | 'network' | 'region'>;
  readonly addresses: { readonly federation: string };
}

/** Throws CLUSTER_NOT_FOUND. */
export function knownCluster(known: KnownGateways, name: string): KnownCluster {
  const cluster = name as ClusterName;
  const record = known.snapshot.clusters.get(cluster)?.record;
  if (record && isKnown(known, cluster)) {
    const near = nearAddresses(record, 'federation', networkOf(known.config));
    return {
      trustDomain: parseTrustDomain(record.trustDomain),
      addresses: [...new Set([...near, ...record.federation])],
    };
  }
  throw new IsthmusError('CLUSTER_NOT_FOUND', { what: `${name} is not a member` });
}

/** Each address is taken for a gateway of its own; those of this gateway are left out. */
export function otherGateways(known: KnownGateways): OtherGateway[] {
  const { addresses, config, snapshot } = known;
  const own = new Set([
    addresses.federation,
    ...(config.advertise.federation ?? []).map(addressOf),
  ]);
  const found = new Map<string, OtherGateway>();
  for (const { cluster, record } of snapshot.clusters.values()) {
    if (!record || !isKnown(known, cluster)) continue;
    for (const gateway of gatewaysOf(record, 'federation', networkOf(config))) {
      const isNear = gateway.private.length > 0;
      for (const address of isNear ? gateway.private : gateway.public) {
        const otherwise = isNear ? gateway.public.filter((one) => !own.has(one)) : [];
        found.set(`${cluster} ${address}`, {
          ...{ cluster, address },
          ...(otherwise.length > 0 && { otherwise }),
        });
      }
    }
  }
  return [...found.values()].filter(({ address }) => !own.has(address));
}

/** Among the bundles that are believed is not the own cluster's. */
function isKnown({ config, membership }: KnownGateways, cluster: ClusterName): boolean {
  return cluster === config.cluster || membership.believed.has(cluster);
}
