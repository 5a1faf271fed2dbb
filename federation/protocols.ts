/** Owns the protocols that members speak on the federation listener, as TLS names them (ALPN, RFC 7301). */

/** gRPC: joining, evicting, pinging. */
export const federationProtocol = 'h2';
/** HTTP/1.1 between the admin APIs of two clusters' gateways. */
export const adminProtocol = 'isthmus-admin/1';
