/** Owns dialing an endpoint: within a time limit, in clear text or over TLS, of which nothing leaves before it is known who answers. */
import { connect, type LookupFunction, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import type { ServerTls } from '../../../certs/server-trust.ts';
import type { Clock } from '../../../core/clock.ts';

export interface Dialed {
  readonly host: string;
  readonly port: number;
  readonly lookup: LookupFunction;
  readonly clock: Clock;
  /** Absent: it is spoken to in clear text. */
  readonly tls?: ServerTls | undefined;
}

interface DialOptions {
  /** The protocol that is spoken over TLS, in ALPN; undefined where octets are passed as they are. */
  readonly alpn: 'h2' | 'http/1.1' | undefined;
  readonly allowHalfOpen: boolean;
  /** The buffer that is read into, and who is told. */
  readonly onread: OnReadOpts;
}

/** Most time to connect, in milliseconds; 0 = as long as it takes. Later the socket is destroyed with an error. */
export function dialEndpoint(dialed: Dialed, connectMs: number, options: DialOptions): Socket {
  const { host, port, lookup, clock, tls } = dialed;
  const { alpn, allowHalfOpen, onread } = options;
  const where = { host, port, lookup, allowHalfOpen, onread };
  const socket =
    tls === undefined ? connect({ ...where, noDelay: true }) : secured(where, tls, alpn);
  if (connectMs > 0) {
    const late = () => socket.destroy(new Error(`no connection within ${connectMs} ms`));
    const cancel = clock.after(connectMs, late);
    socket.once(openEvent(socket), cancel).once('close', cancel);
  }
  return socket;
}

/** Calls `listener` once the socket is connected and, over TLS, its endpoint verified. */
export function onceOpen(socket: Socket, listener: () => void): void {
  socket.once(openEvent(socket), () => {
    if (!socket.destroyed) listener();
  });
}

function openEvent(socket: Socket): 'connect' | 'secureConnect' {
  return socket instanceof TLSSocket ? 'secureConnect' : 'connect';
}

/** Errors for which there was no TLS. */
const ofTls = new WeakSet<Error>();

/** Whether that ended a TLS handshake. An endpoint that says so after our side of it has acted on nothing that was sent, unless it has answered before. */
export function isOfTls(error: Error): boolean {
  return ofTls.has(error);
}

/**
 * With TLS 1.3 our side of a handshake is done before the endpoint has judged our certificate: its alerts that refuse one come
 * later (RFC 8446, sections 4.4.2.4 and 6.2).
 */
const certificateRefused =
  /^ERR_SSL_\w*ALERT_(ACCESS_DENIED|(BAD|UNSUPPORTED)_CERTIFICATE|CERTIFICATE_\w+|DECRYPT_ERROR|UNKNOWN_CA)$/;

function secured(
  where: { readonly host: string; readonly port: number; readonly onread: OnReadOpts },
  tls: ServerTls,
  alpn: DialOptions['alpn'],
): Socket {
  const socket = connectTls({ ...where, ...tls, ...(alpn && { ALPNProtocols: [alpn] }) });
  let isConnected = false;
  let isOpen = false;
  socket.setNoDelay(true);
  socket.once('connect', () => {
    isConnected = true;
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (isConnected && (!isOpen || certificateRefused.test(error.code ?? ''))) ofTls.add(error);
  });
  // Nothing promises that a socket keeps what is written until its peer is verified, which is after there are keys.
  socket.cork();
  socket.once('secureConnect', () => {
    // Without ALPN a server may speak HTTP/1.1 (RFC 9113, section 3.2).
    if (alpn === 'h2' && socket.alpnProtocol !== 'h2') {
      socket.destroy(new Error('it does not offer HTTP/2, which is h2 in ALPN'));
      return;
    }
    isOpen = true;
    socket.uncork();
  });
  return socket;
}
