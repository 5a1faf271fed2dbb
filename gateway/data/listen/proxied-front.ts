/** Owns the way to a server of TLS through a load balancer: a PROXY header before the handshake says whose connection it is. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer, type Server } from 'node:net';
import type { ClientGround } from '../client/client-ground.ts';
import type { TrustedProxies } from '../message/trusted-proxies.ts';
import { awaitProxyHeader } from './proxy-header-wait.ts';

export class ProxiedFront {
  /** Listens in the place of the server of TLS. */
  readonly server: Server;
  /** A TLS socket does not say which socket it was made of. */
  readonly #client = new AsyncLocalStorage<string>();

  /** Each connection goes to `secured` with what is behind its header; those of others than `proxies` are refused. */
  constructor(secured: Server, ground: ClientGround, proxies: TrustedProxies) {
    this.server = createServer((socket) => {
      socket.on('error', (error) => ground.log.debug({ err: error }, 'connection failed'));
      awaitProxyHeader(socket, ground, proxies, ({ address }) => {
        // Documented for exactly this: a server of node:tls takes connections that were accepted elsewhere.
        this.#client.run(address, () => secured.emit('connection', socket));
      });
    });
  }

  /** Address of the client whose handshake is being looked at; undefined outside of one. */
  get client(): string | undefined {
    return this.#client.getStore();
  }
}
