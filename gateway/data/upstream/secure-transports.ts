/** Owns the ways to endpoints over TLS, one for each service that has them: no connection is shared with another service, or outlives a change of whom to trust. */
import { type ServerTrust, serverTlsOf } from '../../../certs/server-trust.ts';
import { messageOf } from '../../../core/errors.ts';
import type { ServiceName } from '../../../core/names.ts';
import type { EndpointTransport } from '../message/call.ts';
import type { Http1Limits } from '../wire/http1/limits.ts';
import { createEndpointTransport, noTransport } from './endpoint-transport.ts';
import type { NameResolver } from './resolve.ts';

/** How the endpoints of a service are spoken to over TLS; or why they can't be. */
export type EndpointTrust =
  | ({ readonly kind: 'trust' } & ServerTrust)
  | { readonly kind: 'unusable'; readonly why: string };

/** What changed for a service; undefined: its endpoints are spoken to in clear text. */
export interface EndpointTrustChange {
  readonly service: ServiceName;
  readonly trust: EndpointTrust | undefined;
}

export class SecureTransports {
  readonly #names: NameResolver;
  readonly #heads: Http1Limits;
  readonly #transports = new Map<ServiceName, EndpointTransport>();

  /** `heads`: limits of responses' heads; its values may change. */
  constructor(names: NameResolver, heads: Http1Limits) {
    this.#names = names;
    this.#heads = heads;
  }

  /** Undefined where endpoints are spoken to in clear text. */
  of(service: ServiceName): EndpointTransport | undefined {
    return this.#transports.get(service);
  }

  take({ service, trust }: EndpointTrustChange): void {
    this.#transports.get(service)?.retire();
    if (trust === undefined) this.#transports.delete(service);
    else this.#transports.set(service, this.#make(trust));
  }

  /** Takes it that no other services are spoken to over TLS; returns the others there were. */
  takeAll(all: readonly EndpointTrustChange[]): ServiceName[] {
    const kept = new Set(all.map(({ service }) => service));
    const gone = [...this.#transports.keys()].filter((service) => !kept.has(service));
    for (const service of gone) this.take({ service, trust: undefined });
    for (const one of all) this.take(one);
    return gone;
  }

  close(): void {
    for (const transport of this.#transports.values()) transport.close();
  }

  #make(trust: EndpointTrust): EndpointTransport {
    if (trust.kind === 'unusable') return noTransport(trust.why);
    try {
      return createEndpointTransport(this.#names, this.#heads, undefined, serverTlsOf(trust));
    } catch (thrown) {
      return noTransport(messageOf(thrown));
    }
  }
}
