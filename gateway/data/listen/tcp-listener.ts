/** Owns a TCP listener: every connection is a tunnel to one service. */
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import { type AskedName, serviceHost } from '../../../core/names.ts';
import { TcpExchange, tunnelTo } from '../client/tcp-exchange.ts';
import type { GatewayProxy } from '../request/proxy.ts';
import { intakeOf, readingHere } from '../socket/accept.ts';
import { ClientListener } from './client-listener.ts';
import type { Listener, ListenPlace } from './listen.ts';

export interface TcpSpec {
  readonly service: AskedName;
  /** Whether connections begin with a PROXY protocol header, and come from trusted proxies alone. */
  readonly proxyProtocol: boolean;
}

interface TcpListenerOptions {
  readonly place: ListenPlace;
  readonly spec: TcpSpec;
  readonly proxy: GatewayProxy;
  readonly clock: Clock;
  readonly log: Log;
}

export interface TcpListener extends Listener {
  /** New connections are dealt with so; open ones go on. */
  reshape(spec: TcpSpec): void;
}

/** Throws PORT_IN_USE when the address is taken. */
export async function startTcpListener(options: TcpListenerOptions): Promise<TcpListener> {
  const { proxy, log } = options;
  const headTo = ({ service }: TcpSpec) => tunnelTo(serviceHost(service, proxy.federation));
  let head = headTo(options.spec);
  const reading = await readingHere(log);
  const { proxyProtocol } = options.spec;
  const listener = new ClientListener({ ...options, entrance: { kind: 'tcp' }, proxyProtocol });
  await listener.listen(options.place, (socket, peer, isBegun) => {
    const intake = intakeOf(socket, isBegun ? 'events' : reading);
    socket.pause();
    new TcpExchange(intake, listener.ground, peer, head);
  });
  return Object.assign(listener, {
    reshape(spec: TcpSpec) {
      head = headTo(spec);
      listener.proxyProtocol = spec.proxyProtocol;
    },
  });
}
