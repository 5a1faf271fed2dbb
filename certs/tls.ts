/** Owns mutual TLS between gateways: a server and a client that know who the other is before either is used. */
import { constants } from 'node:crypto';
import type { LookupFunction, OnReadOpts } from 'node:net';
import tls from 'node:tls';
import type { Clock } from '../core/clock.ts';
import { asIsthmusError, IsthmusError, messageOf } from '../core/errors.ts';
import type { Credentials, LeafIdentity } from './authority.ts';
import { shakeHands } from './handshake.ts';
import { verifyPeer } from './peer-verification.ts';
import type { SpiffeId, TrustDomain } from './spiffe-id.ts';
import type { TrustStore } from './trust-store.ts';

const defaultHandshakeTimeoutMs = 10_000;

/**
 * Options of a TLS server that asks for a certificate and leaves judging it to our trust store, after the
 * handshake: OpenSSL would take any root for any name. There are no session tickets, because a session
 * resumed from one outlives the root it was made under.
 */
export function serverTlsOptions(identity: Credentials): tls.TlsOptions & tls.SecureContextOptions {
  return {
    cert: identity.chainPem,
    key: identity.keyPem,
    // The public roots have no part in this.
    ca: [],
    minVersion: 'TLSv1.3',
    requestCert: true,
    rejectUnauthorized: false,
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

export interface MutualTlsServerOptions {
  /** The certificate the server proves itself with; asked at the start and by `updateIdentity`. */
  readonly identity: () => Credentials;
  readonly trust: TrustStore;
  readonly clock: Clock;
  /** Protocols to accept, the best first. */
  readonly alpn?: readonly string[];
  /** How a client without a certificate is met; default `refused`. One with a certificate is verified in any case. */
  readonly anonymous?: 'refused' | 'allowed';
  /** Milliseconds a client has to shake hands; default 10 000. */
  readonly handshakeTimeoutMs?: number;
  /**
   * Takes over a verified connection, of which nothing has been read or written; `peer` is undefined for an anonymous client. The
   * socket's `error` event must be listened to: a connection whose root goes is destroyed with CERT_UNTRUSTED.
   */
  onPeer(socket: tls.TLSSocket, peer: SpiffeId | undefined): void;
  /** Hears of a connection that was refused, now closed: CERT_INVALID, CERT_UNTRUSTED, or PEER_REFUSED for one that shook no hands. */
  onRefused(error: IsthmusError, remoteAddress: string | undefined): void;
}

export interface MutualTlsServer extends tls.Server {
  /** Proves itself by the current `identity()` from now on; connections there are stay as they are. */
  updateIdentity(): void;
}

/** A TLS server, not yet listening, that hands over only connections whose peer it has verified. */
export function createMutualTlsServer(options: MutualTlsServerOptions): MutualTlsServer {
  const { identity, trust, clock, alpn, anonymous = 'refused', onPeer, onRefused } = options;
  const server = tls.createServer({
    ...serverTlsOptions(identity()),
    handshakeTimeout: options.handshakeTimeoutMs ?? defaultHandshakeTimeoutMs,
    ...(alpn && { ALPNProtocols: [...alpn] }),
  });

  function identify(socket: tls.TLSSocket): SpiffeId | undefined {
    if (socket.getPeerX509Certificate() !== undefined) {
      return verifyPeer(socket, trust, clock.now());
    }
    if (anonymous === 'allowed') return undefined;
    throw new IsthmusError('CERT_UNTRUSTED', { what: 'The client presented no certificate' });
  }

  server.on('secureConnection', (socket) => {
    let peer: SpiffeId | undefined;
    try {
      peer = identify(socket);
    } catch (thrown) {
      const { remoteAddress } = socket;
      socket.destroy();
      onRefused(asIsthmusError(thrown), remoteAddress);
      return;
    }
    onPeer(socket, peer);
  });

  server.on('tlsClientError', (cause, socket) => {
    const { remoteAddress } = socket;
    // Node itself leaves the socket of a handshake that timed out open.
    socket.destroy();
    const what = `The TLS handshake failed: ${messageOf(cause).trim()}`;
    onRefused(new IsthmusError('PEER_REFUSED', { what, cause }), remoteAddress);
  });

  return Object.assign(server, {
    updateIdentity: () => server.setSecureContext(serverTlsOptions(identity())),
  });
}

export interface MutualTlsClientOptions {
  readonly host: string;
  readonly port: number;
  readonly identity: LeafIdentity;
  readonly trust: TrustStore;
  /** The trust domain that the server must belong to. */
  readonly expect: TrustDomain;
  readonly clock: Clock;
  /** Milliseconds for connecting and shaking hands together. */
  readonly timeoutMs: number;
  /** Finds the host's addresses; default as the system does. */
  readonly lookup?: LookupFunction | undefined;
  /** Protocols to offer, the best first. */
  readonly alpn?: readonly string[];
  /** The buffer to read the socket into, instead of by its events. */
  readonly onread?: OnReadOpts;
}

/**
 * Connects to a gateway of the expected trust domain. Nothing is written before the server is verified.
 * The socket's `error` event must be listened to: a connection whose root goes is destroyed with
 * CERT_UNTRUSTED. Throws PEER_UNREACHABLE, CERT_INVALID or CERT_UNTRUSTED.
 */
export async function connectMutualTls(options: MutualTlsClientOptions): Promise<tls.TLSSocket> {
  const { identity, trust, expect, clock, ...where } = options;
  const socket = await shakeHands({ ...where, clock, credentials: identity });
  try {
    const peer = verifyPeer(socket, trust, clock.now());
    if (peer.trustDomain !== expect) {
      throw new IsthmusError('CERT_UNTRUSTED', {
        what: `${peer.uri} answered, where ${expect} was expected`,
        where: `${options.host}:${options.port}`,
        fix: 'Check the address: it leads to another cluster.',
      });
    }
    return socket;
  } catch (thrown) {
    socket.destroy();
    throw thrown;
  }
}
