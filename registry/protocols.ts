/** Owns the protocols that endpoints may speak. */

/** HTTP/1.1; HTTP/2 by prior knowledge; the same for gRPC; raw octets; raw octets of TLS, which names its service by SNI. */
export const protocols = ['http', 'http2', 'grpc', 'tcp', 'tls'] as const;
export type Protocol = (typeof protocols)[number];

/** The protocol of endpoints that name none. */
export const defaultProtocol: Protocol = 'http';
