/** Owns what an ingress refuses before the data path is asked: requests that the connection's certificate is not for, and tricks. */
import { IsthmusError } from '../../core/errors.ts';
import type { Exchange, ExchangeHandler, ExchangeTaker } from '../proxy/exchange.ts';
import type { GatewayProxy } from '../proxy/proxy.ts';
import { HostTable } from './host-pattern.ts';
import { hasDotSegment, hostOf } from './ingress-routes.ts';

export class IngressTaker implements ExchangeTaker {
  readonly #hosts: HostTable<true>;
  readonly #onward: ExchangeTaker;
  readonly #proxy: Pick<GatewayProxy, 'turnAway'>;

  /** Takes requests of connections whose certificate is for `hosts`. */
  constructor(
    hosts: readonly string[],
    onward: ExchangeTaker,
    proxy: Pick<GatewayProxy, 'turnAway'>,
  ) {
    this.#hosts = tableOf(hosts);
    this.#onward = onward;
    this.#proxy = proxy;
  }

  take(exchange: Exchange): ExchangeHandler {
    const error = this.#objectionTo(exchange);
    if (error === undefined) return this.#onward.take(exchange);
    return this.#proxy.turnAway(exchange, error);
  }

  #objectionTo({ head }: Exchange): IsthmusError | undefined {
    if (head.tunnel?.kind === 'tcp') {
      return new IsthmusError('REQUEST_REFUSED', {
        what: 'CONNECT is not offered here',
        fix: 'Use a TCP listener or TLS passthrough for services that do not speak HTTP.',
      });
    }
    // Else a client could ask, behind a name it may use, for a service that was never meant for it.
    if (this.#hosts.find(hostOf(head.authority)) === undefined) {
      return new IsthmusError('HOST_MISDIRECTED', {
        what: `This connection's certificate is not for ${JSON.stringify(head.authority)}`,
      });
    }
    if (hasDotSegment(head.path)) {
      return new IsthmusError('REQUEST_REFUSED', {
        what: 'The path has segments of dots',
        fix: 'Resolve `.` and `..` before asking, as RFC 3986 section 5.2.4 says.',
      });
    }
    return undefined;
  }
}

function tableOf(hosts: readonly string[]): HostTable<true> {
  const table = new HostTable<true>();
  for (const host of hosts) table.add(host, true);
  return table;
}
