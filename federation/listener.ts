/** Owns the federation listener: mutual TLS for members, TLS alone for joiners, and the gRPC service behind both. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { LeafIdentity } from '../certs/authority.ts';
import { createMutualTlsServer } from '../certs/tls.ts';
import type { TrustStore } from '../certs/trust-store.ts';
import { formatAddress } from '../core/address.ts';
import type { Clock } from '../core/clock.ts';
import { IsthmusError, messageOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
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
  const { host, port, identity, trust, service, clock, log } = options;
  const server = createMutualTlsServer({
    identity,
    trust,
    clock,
    alpn: ['h2'],
    anonymous: 'allowed',
    onPeer(socket, id) {
      const address = socket.remoteAddress ?? 'unknown';
      socket.on('error', (err) => log.debug({ err, address }, 'a federation connection broke'));
      service.accept(socket, { id, address });
    },
    onRefused: (err, address) => log.info({ err, address }, 'a federation connection was refused'),
  });
  server.maxConnections = maxConnections;
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
