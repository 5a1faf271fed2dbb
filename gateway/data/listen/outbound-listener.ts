/** Owns the outbound listener: this cluster's clients, over HTTP/1.1 or HTTP/2, by Host or as an HTTP proxy. */
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import { ClientConnection } from '../client/client-connection.ts';
import type { GatewayProxy } from '../request/proxy.ts';
import { intakeOf, type Reading, readingHere } from '../socket/accept.ts';
import { ClientListener } from './client-listener.ts';
import type { Listener, ListenPlace } from './listen.ts';

interface OutboundListenerOptions {
  readonly place: ListenPlace;
  readonly proxy: GatewayProxy;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether connections begin with a PROXY protocol header; default false. */
  readonly proxyProtocol?: boolean | undefined;
  /** How clients' octets are read; default the best way that works here. */
  readonly reading?: Reading | undefined;
}

/** Throws PORT_IN_USE when the address is taken. */
export async function startOutboundListener(options: OutboundListenerOptions): Promise<Listener> {
  const { place, log } = options;
  const reading = options.reading ?? (await readingHere(log));
  const listener = new ClientListener({ ...options, entrance: { kind: 'outbound' } });
  await listener.listen(place, (socket, peer, isBegun) => {
    const intake = intakeOf(socket, isBegun ? 'events' : reading);
    new ClientConnection(intake, listener.ground, { peer, scheme: 'http' });
    if (isBegun) socket.resume();
  });
  return listener;
}
