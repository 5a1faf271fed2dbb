/** Owns requests that other clusters' gateways make: over verified connections of the federation listener, answered by the same routes. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { clusterOf, type SpiffeId } from '../../../../certs/spiffe-id.ts';
import { cappedRole, decodeForwarded, inOwnName, principalHeader } from '../../others/forwarded.ts';
import type { Role } from '../../roles.ts';
import type { Access } from '../access/gate.ts';

/** The strongest role here for callers that a cluster's gateways vouch for. */
export type Grants = (cluster: string) => Role;

export class Inbound {
  readonly #server: Server;
  readonly #peers = new WeakMap<object, SpiffeId>();
  readonly #open = new Set<Duplex>();

  constructor(answer: RequestListener) {
    this.#server = createServer(answer);
  }

  /** Serves a connection whose peer was verified to be a gateway. */
  accept(socket: Duplex, peer: SpiffeId): void {
    this.#peers.set(socket, peer);
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    this.#server.emit('connection', socket);
  }

  /** Whether a request came from another gateway. */
  has({ raw }: FastifyRequest): boolean {
    return this.#peers.has(raw.socket);
  }

  /** How such requests are judged. There is no browser behind them that did not pass the other gateway's gate. */
  access(grants: Grants): Access {
    return {
      authenticate: ({ raw, headers }) => {
        const peer = this.#peers.get(raw.socket);
        const forwarded = decodeForwarded(headers[principalHeader]);
        const cluster = peer ? clusterOf(peer) : '';
        return {
          name: `${forwarded.name} by ${cluster}${peer?.path}`,
          role: cappedRole(forwarded.role, grants(cluster)),
          via: 'gateway',
          isGateway: forwarded.name === inOwnName.name,
        };
      },
    };
  }

  close(): void {
    for (const socket of this.#open) socket.destroy();
    this.#server.close();
  }
}
