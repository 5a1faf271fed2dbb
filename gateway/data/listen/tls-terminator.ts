/** Owns ending TLS with one certificate: from an accepted connection to one that speaks HTTP/1.1 or HTTP/2. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import { hardenedTls } from '../../../certs/hardened-tls.ts';
import type { Clock } from '../../../core/clock.ts';
import { type ErrorCode, messageOf } from '../../../core/errors.ts';
import { ClientConnection } from '../client/client-connection.ts';
import type { ClientGround } from '../client/client-ground.ts';
import { Http2Connection } from '../client/http2-connection.ts';
import type { ClientPeer } from '../message/peer.ts';
import { Intake } from '../socket/intake.ts';
import { type Admission, identifyClient } from './client-identity.ts';
import type { Credentials } from './credentials.ts';

interface TerminatorOptions {
  /** Protocols that are spoken, the best first. */
  readonly protocols: readonly Protocol[];
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** Most time for what follows the ClientHello, in milliseconds. */
  readonly handshakeMs: number;
  readonly admission: Admission;
  /** The time by which certificates are judged. */
  readonly clock: Pick<Clock, 'now'>;
  /** Hears of a connection that came to nothing, now closed. */
  onRefused(code: ErrorCode, what: string): void;
}

export type Protocol = 'h2' | 'http/1.1';

export class TlsTerminator {
  readonly #options: TerminatorOptions;
  #ground: ClientGround;
  readonly #server: Server;
  /** The client whose connection the server hands over: a TLS socket does not say which socket it was made of. */
  readonly #peer = new AsyncLocalStorage<ClientPeer>();
  readonly #asksForeign: boolean;
  #asksClients: boolean;

  constructor(
    credentials: Credentials,
    clientCa: string | undefined,
    ground: ClientGround,
    options: TerminatorOptions,
  ) {
    this.#options = options;
    this.#ground = ground;
    this.#asksForeign = options.admission.trustDomains.length > 0;
    this.#asksClients = clientCa !== undefined || this.#asksForeign;
    this.#server = createServer({
      ...this.#context(credentials, clientCa),
      ALPNProtocols: [...options.protocols],
      handshakeTimeout: options.handshakeMs,
      requestCert: this.#asksClients,
      // Judged here, so that the log and the counters can say why.
      rejectUnauthorized: false,
    });
    this.#server.on('secureConnection', (socket) => this.#secured(socket));
    this.#server.on('tlsClientError', (error, socket) => {
      // Node itself leaves the socket of a handshake that timed out open.
      socket.destroy();
      options.onRefused('TLS_HANDSHAKE_FAILED', `The TLS handshake failed: ${messageOf(error)}`);
    });
  }

  /** New connections get this certificate and ground; open ones keep theirs. */
  update(credentials: Credentials, clientCa: string | undefined, ground: ClientGround): void {
    this.#ground = ground;
    this.#asksClients = clientCa !== undefined || this.#asksForeign;
    this.#server.setSecureContext(this.#context(credentials, clientCa));
  }

  /** Takes a paused connection whose ClientHello was put back. */
  take(socket: Socket, peer: ClientPeer): void {
    // Documented for exactly this: a server of node:tls takes connections that were accepted elsewhere.
    this.#peer.run(peer, () => this.#server.emit('connection', socket));
  }

  /**
   * No session tickets: a resumed session outlives the client certificate it was made with and the certificate
   * that was replaced, and for workers to share tickets they would have to share, and rotate, the keys to all of them.
   */
  #context({ chainPem, keyPem }: Credentials, clientCa: string | undefined): TlsOptions {
    return {
      cert: chainPem,
      key: keyPem,
      // The public roots vouch for no client.
      ca: clientCa ?? [],
      minVersion: this.#options.minVersion,
      ...hardenedTls,
    };
  }

  #secured(socket: TLSSocket): void {
    const from = this.#peer.getStore();
    if (from === undefined) {
      socket.destroy();
      this.#options.onRefused('INTERNAL', 'It is not known whose connection was secured');
      return;
    }
    const { admission, clock } = this.#options;
    const client = this.#asksClients ? identifyClient(socket, admission, clock.now()) : undefined;
    if (client?.kind === 'refused') {
      socket.destroy();
      this.#options.onRefused('CLIENT_CERT_REFUSED', client.what);
      return;
    }
    const protocol = this.#protocolOf(socket);
    if (protocol === undefined) {
      socket.destroy();
      this.#options.onRefused('TLS_HANDSHAKE_FAILED', 'The client offers no protocol spoken here');
      return;
    }
    const peer = { ...from, certificate: client?.certificate, foreign: client?.foreign };
    const ground = this.#ground;
    const intake = Intake.byEvents(socket);
    const connection =
      protocol === 'h2'
        ? new Http2Connection(intake, ground, { peer, scheme: 'https', kind: 'client' })
        : new ClientConnection(intake, ground, { peer, scheme: 'https' });
    // It may have shaken hands while the listener said goodbye to the others.
    if (ground.isDraining()) connection.drain();
  }

  /** A client that offers no protocols speaks HTTP/1.1; one that offers others never comes this far (RFC 7301). */
  #protocolOf({ alpnProtocol }: TLSSocket): Protocol | undefined {
    const protocol = alpnProtocol === 'h2' ? 'h2' : 'http/1.1';
    return this.#options.protocols.includes(protocol) ? protocol : undefined;
  }
}
