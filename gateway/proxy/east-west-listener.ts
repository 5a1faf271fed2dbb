/** Owns the east-west listener: gateways of other clusters, over mutual TLS, each request an HTTP/2 stream. */
import type { TLSSocket } from 'node:tls';
import type { LeafIdentity } from '../../certs/authority.ts';
import type { SpiffeId } from '../../certs/spiffe-id.ts';
import { createMutualTlsServer } from '../../certs/tls.ts';
import type { TrustStore } from '../../certs/trust-store.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { linkAlpn } from '../link/dial.ts';
import { InFlight } from './drain.ts';
import { EastWestLink } from './east-west-link.ts';
import { bind, type Listener, type ListenPlace } from './listen.ts';
import { addressOf, peerOf } from './peer.ts';
import type { GatewayProxy } from './proxy.ts';

export interface EastWestListenerOptions {
  readonly address: ListenPlace;
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
  const links = new Set<EastWestLink>();
  const open = new InFlight();
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
      accept(socket, id);
    },
    onRefused(error, remoteAddress) {
      proxy.recorder.refused(undefined, error.code);
      log.warn({ err: error, remoteAddress }, 'link refused');
    },
  });

  function accept(socket: TLSSocket, id: SpiffeId): void {
    const peer = peerOf(id, proxy.federation, addressOf(socket));
    const link = new EastWestLink({ socket, peer, proxy, clock, log });
    links.add(link);
    const closed = new Promise<void>((resolve) => {
      socket.once('close', () => {
        links.delete(link);
        resolve();
      });
    });
    void open.track(closed);
  }

  const bound = await bind(server, options.address);
  return {
    ...bound,
    stop: () => void server.close(),
    updateIdentity: () => server.updateIdentity(),
    async drain(limitMs, graceMs = 0) {
      server.close();
      const grace = Math.min(graceMs, limitMs);
      if (grace > 0) await open.drained(clock, grace);
      // GOAWAY: gateways make new links elsewhere; a link ends with its last request.
      for (const link of links) link.drain();
      const result = await open.drained(clock, limitMs - grace);
      let cut = 0;
      for (const link of links) {
        cut += link.requests;
        link.destroy();
      }
      return result.kind === 'cut' ? { kind: 'cut', cut } : result;
    },
    async close() {
      server.close();
      for (const link of links) link.destroy();
    },
  };
}
