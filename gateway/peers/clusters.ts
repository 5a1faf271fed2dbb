/** Owns where the other gateways' admin APIs are: at the federation addresses of clusters that are members and believed. */
import { parseTrustDomain } from '../../certs/spiffe-id.ts';
import { IsthmusError } from '../../core/errors.ts';
import type { ClusterName } from '../../core/names.ts';
import type { PeerCluster } from '../admin/peers/agent.ts';
import type { Gateway } from '../gateway.ts';
import type { PeerGateway } from '../graph/collector.ts';

/** Throws CLUSTER_NOT_FOUND. */
export function peerCluster({ snapshot, membership }: Gateway, name: string): PeerCluster {
  const cluster = name as ClusterName;
  const record = snapshot.clusters.get(cluster)?.record;
  if (record && membership.believed.has(cluster)) {
    return { trustDomain: parseTrustDomain(record.trustDomain), addresses: record.federation };
  }
  throw new IsthmusError('CLUSTER_NOT_FOUND', { what: `${name} is not a member` });
}

/** Each address is taken for a gateway of its own; those of this gateway are left out. */
export function otherGateways({ config, snapshot, membership, addresses }: Gateway): PeerGateway[] {
  const own = new Set([addresses.federation, ...(config.advertise.federation ?? [])]);
  return [...snapshot.clusters.values()].flatMap(({ cluster, record }) =>
    cluster === config.cluster || membership.believed.has(cluster)
      ? (record?.federation ?? [])
          .filter((address) => !own.has(address))
          .map((address) => ({ cluster, address }))
      : [],
  );
}
