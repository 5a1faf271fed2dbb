/** Owns turning the configuration for clients from outside into what the data side listens by. */
import type { EdgeSpec } from '../../data/listen/edge.ts';
import type { IngressSpec } from '../../data/listen/ingress-spec.ts';
import type { GatewayConfig } from './config.ts';
import type { IngressConfig } from './edge.ts';

export function edgeSpecOf({ tcp, ingress }: Pick<GatewayConfig, 'tcp' | 'ingress'>): EdgeSpec {
  return {
    tcp: tcp.map(({ service, proxyProtocol }) => ({ service, proxyProtocol })),
    ingress: ingress.map((one, i) => ({ name: `ingress-${i}`, ...ingressSpecOf(one) })),
  };
}

function ingressSpecOf(config: IngressConfig): Omit<IngressSpec, 'name'> {
  const { http, http2, clientCertificates, handshakeTimeout, ...same } = config;
  const { proxyProtocol, minVersion, routes, passthrough, serviceNames, defaultService } = same;
  return {
    proxyProtocol,
    protocols: [...(http2 ? (['h2'] as const) : []), ...(http ? (['http/1.1'] as const) : [])],
    minVersion,
    handshakeMs: handshakeTimeout,
    trustDomains: clientCertificates?.trustDomains ?? [],
    clientCertificate: clientCertificates?.required === false ? 'optional' : 'required',
    routes,
    passthrough,
    serviceNames,
    defaultService,
  };
}
