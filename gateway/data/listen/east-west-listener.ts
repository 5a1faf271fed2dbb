/** Owns the east-west listener: gateways of other clusters, over mutual TLS, each request an HTTP/2 stream. */
import type { TLSSocket } from 'node:tls';
import type { LeafIdentity } from '../../../certs/authority.ts';
import type { SpiffeId } from '../../../certs/spiffe-id.ts';
import { createMutualTlsServer } from '../../../certs/tls.ts';
import type { TrustStore } from '../../../certs/trust-store.ts';
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { ClusterName } from '../../../core/names.ts';
import { Roster } from '../../../core/roster.ts';
import { SparseLog } from '../../../core/sparse-log.ts';
import type { ClientGround } from '../client/client-ground.ts';
import { InFlight } from '../client/drain.ts';
import { Http2Connection } from '../client/http2-connection.ts';
import { linkAlpn } from '../link/dial.ts';
import { addressOf, peerOf } from '../message/peer.ts';
import type { GatewayProxy } from '../request/proxy.ts';
import { Intake } from '../socket/intake.ts';
import { limitConnections } from './connection-limit.ts';
import { bind, type Listener, type ListenPlace } from './listen.ts';
import { ProxiedFront } from './proxied-front.ts';

/**
 * How long gateways have to make another link before this one takes no new requests: a connection, its handshakes and a PING over any
 * distance. Waited is no longer than any of them still has its link.
 */
const warnedMs = 2_000;

interface EastWestListenerOptions {
  readonly place: ListenPlace;
  readonly proxy: GatewayProxy;
  /** Asked at the start and by `updateIdentity`. */
  identity(): LeafIdentity;
  readonly trust: TrustStore;
  /** A gateway of that cluster has connected. */
  onGateway(cluster: ClusterName): void;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether connections begin with a PROXY protocol header, and come from trusted proxies alone; default false. */
  readonly proxyProtocol?: boolean | undefined;
}

export interface EastWestListener extends Listener {
  /** Proves itself by the current `identity()` from now on; links there are stay. */
  updateIdentity(): void;
}

/** Throws PORT_IN_USE when the address is taken. */
export async function startEastWestListener(
  options: EastWestListenerOptions,
): Promise<EastWestListener> {
  const { proxy, identity, trust, clock, log, proxyProtocol = false } = options;
  const { limits, recorder, wheel } = proxy;
  const sparseLog = new SparseLog(log, clock);
  /** Links; a link ends when the last of its requests has, after a drain. */
  const open = new InFlight();
  const inFlight = new InFlight();
  const links = new Roster<Http2Connection>();
  let draining = false;
  const ground: ClientGround = {
    taker: proxy.at({ kind: 'east-west' }),
    unreadable: proxy.unreadable,
    limits,
    headLimits: proxy.headLimits,
    recorder,
    wheel,
    clock,
    log,
    sparseLog,
    inFlight,
    connections: links,
    isDraining: () => draining,
  };
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
      recorder.refused(undefined, error.code);
      sparseLog.warn({ err: error, remoteAddress: front?.client ?? remoteAddress }, 'link refused');
    },
  });

  const front = proxyProtocol ? new ProxiedFront(server, ground, proxy.proxies) : undefined;
  const listening = front?.server ?? server;
  limitConnections(listening, ground, 'gateways');

  function accept(socket: TLSSocket, id: SpiffeId): void {
    const peer = peerOf(id, proxy.federation, front?.client ?? addressOf(socket));
    const kind = peer.kind === 'gateway' ? 'gateway' : 'client';
    open.began();
    socket.once('close', () => open.ended());
    new Http2Connection(Intake.byEvents(socket), ground, { peer, scheme: 'http', kind });
    if (peer.kind === 'gateway') options.onGateway(peer.cluster);
  }

  function cut(): void {
    for (const link of links.all()) link.destroy();
  }

  const bound = await bind(listening, options.place);

  function stop(): void {
    draining = true;
    listening.close();
  }

  return {
    ...bound,
    stop,
    updateIdentity: () => server.updateIdentity(),
    async drain(limitMs, graceMs = 0) {
      stop();
      const grace = Math.min(graceMs, limitMs);
      const warned = Math.min(warnedMs, (limitMs - grace) / 2);
      // Most hear of a successor in the registry, and have left by themselves by then.
      if (grace > 0) await open.drained(clock, grace);
      for (const link of links.all()) link.warn();
      await open.drained(clock, warned);
      // A link ends with its last request.
      for (const link of links.all()) link.drain();
      const result = await open.drained(clock, limitMs - grace - warned);
      const unfinished = inFlight.count;
      cut();
      return result.kind === 'cut' ? { kind: 'cut', cut: unfinished } : result;
    },
    async close() {
      stop();
      cut();
    },
  };
}
