/** Owns the outbound listener: this cluster's clients, over HTTP/1.1 or HTTP/2, by Host or as an HTTP proxy. */
import { createServer } from 'node:net';
import type { HostPort } from '../../core/address.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { intakeOf, type Reading, readingHere } from './accept.ts';
import { ClientConnection } from './client-connection.ts';
import type { ClientGround, ClientSide } from './client-ground.ts';
import { InFlight } from './drain.ts';
import { bind, type Listener } from './listen.ts';
import { addressOf } from './peer.ts';
import type { GatewayProxy } from './proxy.ts';

export interface OutboundListenerOptions {
  readonly address: HostPort;
  readonly proxy: GatewayProxy;
  readonly clock: Clock;
  readonly log: Log;
  /** How clients' octets are read; default the best way that works here. */
  readonly reading?: Reading | undefined;
}

/** Throws PORT_IN_USE when the address is taken. */
export async function startOutboundListener(options: OutboundListenerOptions): Promise<Listener> {
  const { proxy, clock, log } = options;
  const { limits, recorder, sweep } = proxy;
  const reading = options.reading ?? (await readingHere(log));
  const inFlight = new InFlight();
  const connections = new Set<ClientSide>();
  let draining = false;
  const ground: ClientGround = {
    taker: proxy,
    limits,
    recorder,
    sweep,
    clock,
    log,
    inFlight,
    connections,
    isDraining: () => draining,
  };
  // A client may close its side once it has asked.
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true });
  server.on('connection', (accepted) => {
    const intake = intakeOf(accepted, reading);
    const peer = { kind: 'client', address: addressOf(intake.socket) } as const;
    new ClientConnection(intake, ground, { peer, scheme: 'http' });
  });
  server.maxConnections = limits.maxConnections;
  const address = await bind(server, options.address);
  // Such as too many open files: those who come next may fare better.
  server.on('error', (error) => log.warn({ err: error }, 'client connection not accepted'));

  function stop(): void {
    draining = true;
    server.close();
  }

  function cut(): void {
    for (const connection of connections) connection.destroy();
  }

  return {
    address,
    async drain(limitMs) {
      stop();
      for (const connection of connections) connection.drain();
      const result = await inFlight.drained(clock, limitMs);
      cut();
      return result;
    },
    async close() {
      stop();
      cut();
    },
  };
}
