/** Owns ending TLS with one certificate: from an accepted connection to one that speaks HTTP/1.1 or HTTP/2. */
import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import { type ErrorCode, messageOf } from '../../core/errors.ts';
import { ClientConnection } from '../proxy/client-connection.ts';
import type { ClientGround } from '../proxy/client-ground.ts';
import { Http2Connection } from '../proxy/http2-connection.ts';
import { Intake } from '../proxy/intake.ts';
import { addressOf, type Peer } from '../proxy/peer.ts';
import { forwardedCertificate } from './client-certificate.ts';
import type { Credentials } from './credentials.ts';

export interface TerminatorOptions {
  /** Protocols that are spoken, the best first. */
  readonly protocols: readonly Protocol[];
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** Most time for what follows the ClientHello, in milliseconds. */
  readonly handshakeMs: number;
  /** Whether clients without a certificate are refused, where certificates are asked for. */
  readonly clientCertificate: 'required' | 'optional';
  /** Hears of a connection that came to nothing, now closed. */
  onRefused(code: ErrorCode, what: string): void;
}

export type Protocol = 'h2' | 'http/1.1';

export class TlsTerminator {
  readonly #options: TerminatorOptions;
  #ground: ClientGround;
  readonly #server: Server;
  #asksClients: boolean;

  constructor(
    credentials: Credentials,
    clientCa: string | undefined,
    ground: ClientGround,
    options: TerminatorOptions,
  ) {
    this.#options = options;
    this.#ground = ground;
    this.#asksClients = clientCa !== undefined;
    this.#server = createServer({
      ...this.#context(credentials, clientCa),
      ALPNProtocols: [...options.protocols],
      handshakeTimeout: options.handshakeMs,
      requestCert: clientCa !== undefined,
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

  /** New connections get this certificate, and stand on that ground; those there are stay as they are. */
  update(credentials: Credentials, clientCa: string | undefined, ground: ClientGround): void {
    this.#ground = ground;
    this.#asksClients = clientCa !== undefined;
    this.#server.setSecureContext(this.#context(credentials, clientCa));
  }

  /** Takes a paused connection whose ClientHello was put back. */
  take(socket: Socket): void {
    // Documented for exactly this: a server of node:tls takes connections that were accepted elsewhere.
    this.#server.emit('connection', socket);
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
      secureOptions: constants.SSL_OP_NO_TICKET,
    };
  }

  #secured(socket: TLSSocket): void {
    const address = addressOf(socket);
    const certificate = this.#asksClients ? this.#clientCertificate(socket) : undefined;
    if (certificate?.kind === 'refused') {
      socket.destroy();
      this.#options.onRefused('CLIENT_CERT_REFUSED', certificate.what);
      return;
    }
    const protocol = this.#protocolOf(socket);
    if (protocol === undefined) {
      socket.destroy();
      this.#options.onRefused('TLS_HANDSHAKE_FAILED', 'The client offers no protocol spoken here');
      return;
    }
    const peer: Peer = { kind: 'client', address, certificate: certificate?.value };
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

  #clientCertificate(socket: TLSSocket): ClientCertificate {
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) {
      if (this.#options.clientCertificate === 'optional') return { kind: 'ok', value: undefined };
      return { kind: 'refused', what: 'The client presented no certificate' };
    }
    if (socket.authorized) return { kind: 'ok', value: forwardedCertificate(certificate) };
    const why = String(socket.authorizationError);
    return { kind: 'refused', what: `The client's certificate is not believed: ${why}` };
  }
}

type ClientCertificate =
  | { readonly kind: 'ok'; readonly value: string | undefined }
  | { readonly kind: 'refused'; readonly what: string };
