/** Owns the listeners for clients from outside: what each of them is, and the certificates they prove themselves by. */
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { ServiceName } from '../../core/names.ts';
import type { Listener, ListenPlace } from '../proxy/listen.ts';
import type { GatewayProxy } from '../proxy/proxy.ts';
import type { RouteLookup } from '../proxy/route.ts';
import type { IngressCredentials } from './credentials.ts';
import { IngressListener } from './ingress-listener.ts';
import type { IngressSpec } from './ingress-spec.ts';
import { startTcpListener } from './tcp-listener.ts';

/** What there is besides where it listens, as plain values that can be handed to another thread. */
export interface EdgeSpec {
  /** The service that each TCP listener leads to. */
  readonly tcp: readonly ServiceName[];
  readonly ingress: readonly IngressSpec[];
}

export interface EdgeOptions {
  readonly spec: EdgeSpec;
  /** One for each ingress. */
  readonly credentials: readonly IngressCredentials[];
  readonly proxy: GatewayProxy;
  /** Finds services by their own names. */
  readonly services: RouteLookup;
  readonly clock: Clock;
  readonly log: Log;
}

const noCredentials: IngressCredentials = { certificates: [], clientCa: undefined };

export class Edge {
  readonly #options: EdgeOptions;
  /** By the number of the ingress; several where each has its own socket. */
  readonly #ingress: { readonly index: number; readonly listener: IngressListener }[] = [];
  #credentials: readonly IngressCredentials[];

  constructor(options: EdgeOptions) {
    this.#options = options;
    this.#credentials = options.credentials;
  }

  /** Has the TCP listener of that number listen there. Throws PORT_IN_USE. */
  async startTcp(index: number, place: ListenPlace): Promise<Listener> {
    const service = this.#options.spec.tcp[index];
    if (service === undefined) throw new Error(`there is no tcp.${index}`);
    return startTcpListener({ ...this.#options, place, service });
  }

  /** Has the ingress of that number listen there. Throws PORT_IN_USE. */
  async startIngress(index: number, place: ListenPlace): Promise<Listener> {
    const spec = this.#options.spec.ingress[index];
    if (spec === undefined) throw new Error(`there is no ingress.${index}`);
    const credentials = this.#credentials[index] ?? noCredentials;
    const listener = await IngressListener.start({ ...this.#options, place, spec, credentials });
    this.#ingress.push({ index, listener });
    return listener;
  }

  /** One for each ingress. New connections get these. */
  updateCredentials(credentials: readonly IngressCredentials[]): void {
    this.#credentials = credentials;
    for (const { index, listener } of this.#ingress) {
      listener.updateCredentials(credentials[index] ?? noCredentials);
    }
  }
}
