/** Owns a TCP listener: every connection is a tunnel to one service. */
import type { HostPort } from '../../core/address.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { type ServiceName, serviceHost } from '../../core/names.ts';
import { intakeOf, readingHere } from '../proxy/accept.ts';
import type { Listener } from '../proxy/listen.ts';
import { addressOf } from '../proxy/peer.ts';
import type { GatewayProxy } from '../proxy/proxy.ts';
import { ClientListener } from './client-listener.ts';
import { TcpExchange, tunnelTo } from './tcp-exchange.ts';

export interface TcpListenerOptions {
  readonly address: HostPort;
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
  const listener = new ClientListener({ proxy, clock, log, paused: true });
  await listener.listen(options.address, (socket) => {
    const address = addressOf(socket);
    const intake = intakeOf(socket, reading);
    intake.socket.pause();
    new TcpExchange(intake, listener.ground, { kind: 'client', address }, head);
  });
  return listener;
}
