/** Owns the east-west listener: gateways of other clusters, over mutual TLS, each request an HTTP/2 stream. */
import {
  constants,
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { LeafIdentity } from '../../certs/authority.ts';
import { createMutualTlsServer } from '../../certs/tls.ts';
import type { TrustStore } from '../../certs/trust-store.ts';
import type { HostPort } from '../../core/address.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { linkAlpn } from '../link/dial.ts';
import { linkSettings, linkWindow } from '../link/h2-body.ts';
import { InFlight } from './drain.ts';
import { Http2Exchange, readStreamHead } from './http2-exchange.ts';
import { bind, type Listener } from './listen.ts';
import { addressOf, type Peer, peerOf } from './peer.ts';
import type { GatewayProxy } from './proxy.ts';

export interface EastWestListenerOptions {
  readonly address: HostPort;
  readonly proxy: GatewayProxy;
  /** Asked at the start and by `updateIdentity`. */
  identity(): LeafIdentity;
  readonly trust: TrustStore;
  readonly clock: Clock;
  readonly log: Log;
}

export interface EastWestListener extends Listener {
  /** Proves itself by the current `identity()` from now on; links there are stay. */
  updateIdentity(): void;
}

/** Throws PORT_IN_USE when the address is taken. */
export async function startEastWestListener(
  options: EastWestListenerOptions,
): Promise<EastWestListener> {
  const { proxy, identity, trust, clock, log } = options;
  const requests = new InFlight();
  const links = new InFlight();
  const sessions = new Set<ServerHttp2Session>();
  const server = createMutualTlsServer({
    identity,
    trust,
    clock,
    alpn: [linkAlpn],
    onPeer(socket, id) {
      socket.on('error', (error) => log.debug({ err: error }, 'link connection failed'));
      // Only a listener that allows anonymous clients gets one; this one does not.
      if (id === undefined || socket.alpnProtocol !== linkAlpn) {
        socket.destroy();
        return;
      }
      accept(socket, peerOf(id, proxy.federation, addressOf(socket)));
    },
    onRefused(error, remoteAddress) {
      proxy.recorder.refused(undefined, error.code);
      log.warn({ err: error, remoteAddress }, 'link refused');
    },
  });

  function accept(socket: TLSSocket, peer: Peer): void {
    const session = performServerHandshake(socket, linkSettings);
    sessions.add(session);
    session.setLocalWindowSize(linkWindow);
    void links.track(
      new Promise((resolve) => {
        session.once('close', () => {
          sessions.delete(session);
          resolve();
        });
      }),
    );
    session.on('error', (error) => log.debug({ err: error, peer }, 'link failed'));
    session.on('stream', (stream, _headers: IncomingHttpHeaders, flags, raw) => {
      serve(stream, peer, raw ?? [], (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0);
    });
  }

  function serve(stream: ServerHttp2Stream, peer: Peer, raw: readonly string[], ends: boolean) {
    const head = readStreamHead(raw);
    if (head === undefined) {
      proxy.recorder.refused(undefined, 'REQUEST_REFUSED');
      stream.close(constants.NGHTTP2_PROTOCOL_ERROR);
      return;
    }
    void requests.track(proxy.handle(new Http2Exchange(peer, head, stream, ends)));
  }

  const address = await bind(server, options.address);
  return {
    address,
    updateIdentity: () => server.updateIdentity(),
    async drain(limitMs) {
      server.close();
      // GOAWAY: gateways make new links elsewhere; a session ends with its last stream.
      for (const session of sessions) session.close();
      const result = await links.drained(clock, limitMs);
      for (const session of sessions) session.destroy();
      return result.kind === 'cut' ? { kind: 'cut', cut: requests.count } : result;
    },
    async close() {
      server.close();
      for (const session of sessions) session.destroy();
    },
  };
}
