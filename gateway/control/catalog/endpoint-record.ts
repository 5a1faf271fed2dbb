/** Owns the registry's record of an endpoint that is registered here. */
import type { ClusterName } from '../../../core/names.ts';
import type { EndpointRecord, Health } from '../../../registry/model.ts';
import type { WholeRegistration } from './registration.ts';

/** The place of this gateway, which its endpoints' records carry. */
export interface Home {
  readonly cluster: ClusterName;
  readonly region: string;
  readonly zone: string;
  readonly gateway: string;
}

export function endpointRecord(
  registration: WholeRegistration,
  health: Health,
  { cluster, region, gateway }: Home,
): EndpointRecord {
  const { service, id, address, port, zone, weight, labels, protocol, exported } = registration;
  const { ports = [] } = registration;
  return {
    ...{ cluster, service, id, address, port, region, zone },
    ...{ weight, labels, protocol, health, exported, gateway },
    ...(ports.length > 0 && { ports: [...ports] }),
  };
}
