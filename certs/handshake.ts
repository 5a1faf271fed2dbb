/** Owns the client's side of a TLS handshake: from an address to an open socket on which nothing has been sent, in bounded time. */
import type { LookupFunction, OnReadOpts } from 'node:net';
import tls from 'node:tls';
import type { Clock } from '../core/clock.ts';
import { IsthmusError, messageOf } from '../core/errors.ts';

interface HandshakeOptions {
  readonly host: string;
  readonly port: number;
  /** Milliseconds for connecting and shaking hands together. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** The certificate we prove ourselves with; none when absent. */
  readonly credentials?: { readonly chainPem: string; readonly keyPem: string } | undefined;
  /** Finds the host's addresses; default as the system does, by one of four threads. */
  readonly lookup?: LookupFunction | undefined;
  /** Protocols to offer, the best first. */
  readonly alpn?: readonly string[] | undefined;
  /** The buffer to read the socket into, instead of by its events. */
  readonly onread?: OnReadOpts | undefined;
}

type Credentials = NonNullable<HandshakeOptions['credentials']>;

/** Reading keys and certificates costs more than a connection that is refused. */
const contexts = new WeakMap<Credentials, tls.SecureContext>();
const nobody: Credentials = { chainPem: '', keyPem: '' };

function contextOf(credentials: Credentials | undefined): tls.SecureContext {
  return contexts.getOrInsertComputed(credentials ?? nobody, () =>
    tls.createSecureContext({
      minVersion: 'TLSv1.3',
      // The public roots have no part in this.
      ca: [],
      ...(credentials && { cert: credentials.chainPem, key: credentials.keyPem }),
    }),
  );
}

/**
 * Shakes hands with whoever answers: the caller verifies the peer before it writes, in the same turn, and
 * listens for the socket's errors from then on. Throws PEER_UNREACHABLE.
 */
export function shakeHands(options: HandshakeOptions): Promise<tls.TLSSocket> {
  const { host, port, timeoutMs, clock, credentials, alpn, onread, lookup } = options;
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      host,
      port,
      secureContext: contextOf(credentials),
      // Neither the public roots nor the host's name count here; our trust store decides.
      rejectUnauthorized: false,
      ...(lookup && { lookup }),
      ...(alpn && { ALPNProtocols: [...alpn] }),
      ...(onread && { onread }),
    });

    function fail(why: string, cause?: unknown): void {
      cancelTimeout();
      socket.destroy();
      reject(new IsthmusError('PEER_UNREACHABLE', { what: why, where: `${host}:${port}`, cause }));
    }

    function onError(cause: Error): void {
      fail(`The connection failed: ${messageOf(cause).trim()}`, cause);
    }

    function onClose(): void {
      fail('The other side closed the connection during the handshake');
    }

    const cancelTimeout = clock.after(timeoutMs, () =>
      fail(`Nobody completed a handshake within ${timeoutMs} ms`),
    );
    socket.on('error', onError);
    socket.on('close', onClose);
    socket.once('secureConnect', () => {
      // What arrived together with the handshake may yet break the socket. One turn later it has, while an
      // error is still ours to catch; after that the caller runs before any other event.
      setImmediate(() => {
        if (socket.destroyed) return;
        cancelTimeout();
        socket.off('error', onError);
        socket.off('close', onClose);
        resolve(socket);
      });
    });
  });
}
