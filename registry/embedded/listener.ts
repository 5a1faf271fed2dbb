/** Owns the embedded registry's connections: who is on each, a gRPC server per peer, and cutting those no longer trusted. */
import { once } from 'node:events';
import {
  type AddressInfo,
  createServer as createPlainServer,
  type Server as NetServer,
  type Socket,
} from 'node:net';
import { Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js';
import type { Credentials } from '../../certs/authority.ts';
import { createMutualTlsServer, type MutualTlsServer } from '../../certs/tls.ts';
import type { TrustStore } from '../../certs/trust-store.ts';
import { formatAddress, parseAddress } from '../../core/address.ts';
import type { Clock } from '../../core/clock.ts';
import { IsthmusError, messageOf } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { SparseLog } from '../../core/sparse-log.ts';
import type { Peer } from './auth.ts';
import { type Core, servicesFor } from './services.ts';

const serverOptions = {
  // etcd's request limit plus its allowance for the envelope.
  'grpc.max_receive_message_length': 2 * 1024 * 1024,
  // A peer that vanished without a word is dropped, and its watches with it.
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.enable_channelz': 0,
};

interface PeerServer {
  readonly server: GrpcServer;
  readonly inject: (socket: Socket) => void;
}

/**
 * Hands accepted sockets to gRPC. Each peer has a gRPC server of its own, whose handlers were made for it, so
 * that no call can be taken for another peer's.
 */
export class PeerServers {
  readonly #core: Core;
  readonly #servers = new Map<string, PeerServer>();
  #closed = false;

  constructor(core: Core) {
    this.#core = core;
  }

  /** After `close` the socket is destroyed: its handshake took longer than that. */
  serve(socket: Socket, peer: Peer): void {
    if (this.#closed) {
      socket.destroy();
      return;
    }
    const name = peer.kind === 'host' ? '' : peer.trustDomain;
    let peerServer = this.#servers.get(name);
    if (peerServer === undefined) {
      peerServer = this.#create(peer);
      this.#servers.set(name, peerServer);
    }
    peerServer.inject(socket);
  }

  close(): void {
    this.#closed = true;
    for (const { server } of this.#servers.values()) server.forceShutdown();
    this.#servers.clear();
  }

  #create(peer: Peer): PeerServer {
    const server = new GrpcServer(serverOptions);
    for (const [definition, implementation] of servicesFor(this.#core, peer)) {
      server.addService(definition, implementation);
    }
    // The socket is already plain or decrypted, so for gRPC it is "insecure".
    const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
    return { server, inject: (socket) => injector.injectConnection(socket) };
  }
}

/** Without TLS every client is the host; the caller sees to it that only this machine can connect. */
export function plainServer(servers: PeerServers): NetServer {
  return createPlainServer({ noDelay: true }, (socket) => servers.serve(socket, { kind: 'host' }));
}

interface TlsServerOptions {
  readonly servers: PeerServers;
  readonly identity: () => Credentials;
  readonly trust: TrustStore;
  /** The trust domain of the cluster that runs the registry. */
  readonly hostTrustDomain: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Admits gateways of trusted clusters. A connection whose root is no longer trusted is cut (see `certs/tls.ts`). */
export function tlsServer(options: TlsServerOptions): MutualTlsServer {
  const { servers, hostTrustDomain, log, ...rest } = options;
  const sparseLog = new SparseLog(log, options.clock);
  return createMutualTlsServer({
    ...rest,
    alpn: ['h2'],
    onPeer(socket, peer) {
      socket.setNoDelay(true);
      socket.on('error', (error) => sparseLog.info({ err: error }, 'a registry connection broke'));
      // Workloads have certificates of their cluster too, and no business here.
      if (peer === undefined || !peer.path.startsWith('/gateway/')) {
        sparseLog.warn({ peer: peer?.uri }, 'only gateways may use the registry');
        socket.destroy();
        return;
      }
      const { trustDomain } = peer;
      const isHost = trustDomain === hostTrustDomain;
      servers.serve(socket, isHost ? { kind: 'host' } : { kind: 'member', trustDomain });
    },
    onRefused: (error, from) =>
      sparseLog.warn({ err: error, from }, 'refused a registry connection'),
  });
}

/** Starts listening; resolves with the address. Throws PORT_IN_USE or CONFIG_INVALID. */
export async function listen(server: NetServer, address: string): Promise<string> {
  const { host, port } = parseAddress(address);
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (cause) {
    const inUse = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
    throw new IsthmusError(inUse ? 'PORT_IN_USE' : 'CONFIG_INVALID', {
      what: inUse ? 'The registry port is taken' : `Cannot listen: ${messageOf(cause)}`,
      where: address,
      cause,
    });
  }
  const bound = server.address() as AddressInfo;
  return formatAddress(host, bound.port);
}
