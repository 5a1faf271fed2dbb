/** Owns the TLS that clients from outside get, some of which still speak 1.2: the features that are left out for safety. */
import { constants } from 'node:crypto';

/**
 * Forward secrecy and authenticated encryption only: no CBC, no RSA key exchange, no ARIA or CCM (RFC 9325 section 4.2;
 * none that RFC 9113, appendix A, forbids to HTTP/2). The first three are of TLS 1.3.
 */
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/**
 * No renegotiation: a client could ask for handshakes without end on one connection, and HTTP/2 forbids it (RFC 9113 section
 * 9.2.1). No session tickets: a resumed session outlives the certificate it was made with, and the authority that let it in.
 */
export const hardenedTls = {
  ciphers,
  secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
} as const;
