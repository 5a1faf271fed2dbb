/** Owns the outbound listener: this cluster's clients, over HTTP/1.1, by Host or as an HTTP proxy. */
import { createServer } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { ClientConnection, type ClientGround } from './client-connection.ts';
import { InFlight } from './drain.ts';
import { bind, type Listener, type ListenPlace } from './listen.ts';
import type { GatewayProxy } from './proxy.ts';
import { Sweep } from './sweep.ts';

export interface OutboundListenerOptions {
  readonly address: ListenPlace;
  readonly proxy: GatewayProxy;
  readonly clock: Clock;
  readonly log: Log;
}

/** Throws PORT_IN_USE when the address is taken. */
export async function startOutboundListener(options: OutboundListenerOptions): Promise<Listener> {
  const { proxy, clock, log } = options;
  const { headMs, maxConnections } = proxy.limits;
  const inFlight = new InFlight();
  const connections = new Set<ClientConnection>();
  let onEmpty = () => {};
  let draining = false;
  const sweep = new Sweep(clock, Math.max(50, Math.min(headMs / 4, 250)));
  const ground: ClientGround = {
    proxy,
    sweep,
    log,
    isDraining: () => draining,
    track: (work) => void inFlight.track(work),
    onClosed(connection) {
      connections.delete(connection);
      if (connections.size === 0) onEmpty();
    },
  };
  // A client may close its side once it has asked.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    connections.add(new ClientConnection(socket, ground));
  });
  server.maxConnections = maxConnections;
  const bound = await bind(server, options.address).catch((error: unknown) => {
    sweep.close();
    throw error;
  });
  // Such as too many open files: those who come next may fare better.
  server.on('error', (error) => log.warn({ err: error }, 'client connection not accepted'));

  function stop(): void {
    draining = true;
    server.close();
  }

  /** Resolves when no connection is left, or after `ms`. */
  async function emptied(ms: number): Promise<void> {
    if (connections.size === 0 || ms === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = clock.after(ms, resolve);
      onEmpty = () => {
        cancel();
        resolve();
      };
    });
  }

  function cut(): void {
    sweep.close();
    for (const connection of connections) connection.socket.destroy();
  }

  return {
    ...bound,
    stop,
    async drain(limitMs, graceMs = 0) {
      stop();
      const grace = Math.min(graceMs, limitMs);
      await emptied(grace);
      for (const connection of connections) if (connection.isIdle) connection.socket.destroy();
      const result = await inFlight.drained(clock, limitMs - grace);
      cut();
      return result;
    },
    async close() {
      stop();
      cut();
    },
  };
}
