/** Owns what a service-defaults of Consul says of a service, as its ServiceDefaults. */

import { protocols } from '../../../registry/protocols.ts';
import type { Drafts } from '../drafts.ts';
import type { Reasons } from '../field.ts';
import type { Entry } from './entry.ts';

const upstream =
  'how a service is called is said of that service: a TrafficPolicy, for clients of one cluster where target.client says so';

export const defaultsReasons: Reasons = {
  upstreamConfig: upstream,
  externalSNI: 'say it in tls of the ServiceDefaults: hostname',
  destination: 'write an Egress for each address and its port',
  rateLimits: 'write a RateLimit: it counts by gateway or for the federation, not by instance',
  maxInboundConnections: 'clients are limited: balance.breakers of a TrafficPolicy',
  localConnectTimeoutMs: 'timeouts.connect of a TrafficPolicy is of connections to endpoints',
  localRequestTimeoutMs: 'timeouts.request of a TrafficPolicy is of requests of a service',
  meshGateway: 'what goes to another cluster goes by the gateways always',
  mode: 'there is no proxy beside each program',
  transparentProxy: 'there is no proxy beside each program',
  expose: 'there is no proxy beside each program',
  balanceInboundConnections: 'there is no proxy beside each program',
  mutualTLSMode: 'what goes between clusters is under mutual TLS always',
  envoyExtensions: 'there is no Envoy that it could change',
};

export function convertDefaults({ field, name, namespace }: Entry, drafts: Drafts): void {
  const protocol = field.text('protocol');
  if (protocol === undefined || protocol === '') return;
  if ((protocols as readonly string[]).includes(protocol)) {
    drafts.defaultsOf(namespace, name, field)['protocol'] = protocol;
  } else field.at('protocol')?.leave(`use one of ${protocols.join(', ')}`);
}
