/** Owns the outbound listener: this cluster's clients, over HTTP/1.1 or HTTP/2, by Host or as an HTTP proxy. */
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { intakeOf, type Reading, readingHere } from './accept.ts';
import { ClientConnection } from './client-connection.ts';
import { ClientListener } from './client-listener.ts';
import type { Listener, ListenPlace } from './listen.ts';
import { addressOf } from './peer.ts';
import type { GatewayProxy } from './proxy.ts';

export interface OutboundListenerOptions {
  readonly place: ListenPlace;
  readonly proxy: GatewayProxy;
  readonly clock: Clock;
  readonly log: Log;
  /** How clients' octets are read; default the best way that works here. */
  readonly reading?: Reading | undefined;
}

/** Throws PORT_IN_USE when the address is taken. */
export async function startOutboundListener(options: OutboundListenerOptions): Promise<Listener> {
  const { place, proxy, clock, log } = options;
  const reading = options.reading ?? (await readingHere(log));
  const listener = new ClientListener({ proxy, clock, log });
  await listener.listen(place, (accepted) => {
    const intake = intakeOf(accepted, reading);
    const peer = { kind: 'client', address: addressOf(intake.socket) } as const;
    new ClientConnection(intake, listener.ground, { peer, scheme: 'http' });
  });
  return listener;
}
