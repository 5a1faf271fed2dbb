/** Owns turning the configuration for clients from outside into what the data side listens by. */
import { parseAddress } from '../core/address.ts';
import type { GatewayConfig } from './config.ts';
import type { EdgeSpec } from './edge/edge.ts';
import type { IngressSpec } from './edge/ingress-spec.ts';
import type { IngressConfig } from './edge-config.ts';

export function edgeSpecOf({ tcp, ingress }: Pick<GatewayConfig, 'tcp' | 'ingress'>): EdgeSpec {
  return {
    tcp: tcp.map(({ listen, service }) => ({ address: parseAddress(listen), service })),
    ingress: ingress.map(ingressSpecOf),
  };
}

function ingressSpecOf(config: IngressConfig): IngressSpec {
  const { listen, http, http2, clientCertificates, handshakeTimeout, ...same } = config;
  const { minVersion, routes, passthrough, serviceNames } = same;
  return {
    address: parseAddress(listen),
    protocols: [...(http2 ? (['h2'] as const) : []), ...(http ? (['http/1.1'] as const) : [])],
    minVersion,
    handshakeMs: handshakeTimeout,
    clientCertificate: clientCertificates?.required === false ? 'optional' : 'required',
    routes,
    passthrough,
    serviceNames,
  };
}
