/** Owns a TCP listener: every connection is a tunnel to one service. */
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { type ServiceName, serviceHost } from '../../core/names.ts';
import { intakeOf, readingHere } from '../proxy/accept.ts';
import { ClientListener } from '../proxy/client-listener.ts';
import type { Listener, ListenPlace } from '../proxy/listen.ts';
import { addressOf } from '../proxy/peer.ts';
import type { GatewayProxy } from '../proxy/proxy.ts';
import { TcpExchange, tunnelTo } from './tcp-exchange.ts';

export interface TcpListenerOptions {
  readonly place: ListenPlace;
  readonly service: ServiceName;
  readonly proxy: GatewayProxy;
  readonly clock: Clock;
  readonly log: Log;
}

/** Throws PORT_IN_USE when the address is taken. */
export async function startTcpListener(options: TcpListenerOptions): Promise<Listener> {
  const { service, proxy, clock, log } = options;
  const head = tunnelTo(serviceHost(service, proxy.federation));
  const reading = await readingHere(log);
  const listener = new ClientListener({ proxy, clock, log });
  await listener.listen(options.place, (socket) => {
    const address = addressOf(socket);
    const intake = intakeOf(socket, reading);
    intake.socket.pause();
    new TcpExchange(intake, listener.ground, { kind: 'client', address }, head);
  });
  return listener;
}
