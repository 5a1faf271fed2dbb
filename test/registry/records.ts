/** Owns registry records of tests, as their clusters would write them. */
import { parseClusterName, parseFederationName, parseServiceName } from '../../core/names.ts';
import { encodeKey, type RegistryKey } from '../../registry/keys.ts';
import type {
  ClusterRecord,
  EndpointRecord,
  ExportRecord,
  GatewayRecord,
} from '../../registry/model.ts';

export const acme = parseFederationName('acme');
export const [dc1, dc2, dc10] = [
  parseClusterName('dc1'),
  parseClusterName('dc2'),
  parseClusterName('dc10'),
] as const;
export const cart = parseServiceName('cart.shop');
export const web = parseServiceName('web.shop');

export function keyOf(key: RegistryKey): string {
  return encodeKey(acme, key);
}

export function clusterRecord(cluster = dc1, more: Partial<ClusterRecord> = {}): ClusterRecord {
  return {
    cluster,
    region: 'eu',
    zones: ['a'],
    trustDomain: `${cluster}.acme`,
    eastWest: ['127.0.0.1:7443'],
    federation: ['127.0.0.1:7444'],
    protocolVersion: 1,
    joinedAt: 1,
    ...more,
  };
}

export function gatewayRecord(id = 'g1', more: Partial<GatewayRecord> = {}): GatewayRecord {
  return { cluster: dc1, id, zone: 'a', version: '1', startedAt: 1, rttMs: {}, links: {}, ...more };
}

export function endpointRecord(id = 'cart-1', more: Partial<EndpointRecord> = {}): EndpointRecord {
  return {
    cluster: dc1,
    service: cart,
    id,
    address: '10.0.0.1',
    port: 80,
    region: 'eu',
    zone: 'a',
    weight: 1,
    labels: {},
    protocol: 'http',
    health: 'healthy',
    exported: true,
    gateway: 'g1',
    ...more,
  };
}

/** A summary with one healthy copy in each of `zones`. */
export function exportRecord(
  cluster = dc1,
  service = cart,
  zones: readonly string[] = ['a'],
): ExportRecord {
  return {
    cluster,
    service,
    protocol: 'http',
    localities: zones.map((zone) => ({ region: 'eu', zone, total: 1, healthy: 1, degraded: 0 })),
    updatedAt: 1,
  };
}
