/** Owns the federation listener: mutual TLS for members, TLS alone for joiners, and behind it the gRPC service and the admin API. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { LeafIdentity } from '../certs/authority.ts';
import type { SpiffeId } from '../certs/spiffe-id.ts';
import { createMutualTlsServer } from '../certs/tls.ts';
import type { TrustStore } from '../certs/trust-store.ts';
import { formatAddress } from '../core/address.ts';
import type { Clock } from '../core/clock.ts';
import { IsthmusError, messageOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { SparseLog } from '../core/sparse-log.ts';
import { adminProtocol, federationProtocol } from './protocols.ts';
import type { FederationService } from './service.ts';

/** Connections at once; gateways hold one each, and joiners come singly. */
const maxConnections = 1024;

export interface FederationListenerOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly identity: () => LeafIdentity;
  readonly trust: TrustStore;
  readonly service: FederationService;
  /** Takes over a connection of another gateway to the admin API. */
  admin(socket: TLSSocket, peer: SpiffeId): void;
  readonly clock: Clock;
  readonly log: Log;
}

export interface FederationListener {
  /** `host:port`, with the real port. */
  readonly address: string;
  /** Proves itself by the current `identity()` from now on. */
  updateIdentity(): void;
  /** Accepts no more, and closes the service after `graceMs` (default none). */
  close(graceMs?: number): Promise<void>;
}

/** Listens. Throws PORT_IN_USE or what else keeps it from listening. */
export async function startFederationListener(
  options: FederationListenerOptions,
): Promise<FederationListener> {
  const { host, port, identity, trust, service, admin, clock, log } = options;
  const sparseLog = new SparseLog(log, clock);
  const server = createMutualTlsServer({
    identity,
    trust,
    clock,
    alpn: [federationProtocol, adminProtocol],
    anonymous: 'allowed',
    onPeer(socket, id) {
      const address = socket.remoteAddress ?? 'unknown';
      socket.on('error', (err) => log.debug({ err, address }, 'a federation connection broke'));
      if (socket.alpnProtocol !== adminProtocol) service.accept(socket, { id, address });
      else if (id?.path.startsWith('/gateway/')) admin(socket, id);
      else {
        socket.destroy();
        sparseLog.info(
          { address, id: id?.uri },
          'only gateways reach the admin API from elsewhere',
        );
      }
    },
    onRefused: (err, address) =>
      sparseLog.info({ err, address }, 'a federation connection was refused'),
  });
  server.maxConnections = maxConnections;
  server.on('drop', () => sparseLog.warn({ maxConnections }, 'too many federation connections'));
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const taken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
    throw new IsthmusError(taken ? 'PORT_IN_USE' : 'CONFIG_INVALID', {
      what: `The federation listener can't listen: ${messageOf(cause)}`,
      where: `${host}:${port}`,
      cause,
    });
  }
  return {
    address: formatAddress(host, (server.address() as AddressInfo).port),
    updateIdentity: () => server.updateIdentity(),
    async close(graceMs = 0) {
      const closed = new Promise((resolve) => server.close(resolve));
      await service.close(graceMs);
      await closed;
    },
  };
}
