/** Owns the listeners for clients from outside: what each of them is, and the certificates they prove themselves by. */
import type { TrustStore } from '../../../certs/trust-store.ts';
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { GatewayProxy } from '../request/proxy.ts';
import type { RouteLookup } from '../request/route/route-table.ts';
import type { IngressCredentials } from './credentials.ts';
import { IngressListener } from './ingress-listener.ts';
import type { IngressSpec } from './ingress-spec.ts';
import type { Listener, ListenPlace } from './listen.ts';
import { startTcpListener, type TcpListener, type TcpSpec } from './tcp-listener.ts';

/** The listeners for clients from outside, but for their addresses, as plain values that can be handed to another thread. */
export interface EdgeSpec {
  readonly tcp: readonly TcpSpec[];
  readonly ingress: readonly IngressSpec[];
}

interface EdgeOptions {
  readonly spec: EdgeSpec;
  /** One for each ingress. */
  readonly credentials: readonly IngressCredentials[];
  readonly proxy: GatewayProxy;
  /** Finds services by their own names. */
  readonly services: RouteLookup;
  /** The bundles of foreign trust domains. */
  readonly foreign: TrustStore;
  readonly clock: Clock;
  readonly log: Log;
}

const noCredentials: IngressCredentials = { certificates: [], clientCa: undefined };

/** A listener with the number it has: several where each has its own socket. */
interface Numbered<L> {
  readonly index: number;
  readonly listener: L;
}

/** A listener that was of another edge, and the number it has in this one. */
export interface Kept {
  readonly kind: 'tcp' | 'ingress';
  readonly from: number;
  readonly to: number;
}

export class Edge {
  readonly #options: EdgeOptions;
  readonly #tcp: Numbered<TcpListener>[] = [];
  readonly #ingress: Numbered<IngressListener>[] = [];
  #credentials: readonly IngressCredentials[];

  constructor(options: EdgeOptions) {
    this.#options = options;
    this.#credentials = options.credentials;
  }

  /** Has the TCP listener of that number listen there. Throws PORT_IN_USE. */
  async startTcp(index: number, place: ListenPlace): Promise<Listener> {
    const spec = this.#tcpSpecOf(index);
    const listener = await startTcpListener({ ...this.#options, place, spec });
    this.#tcp.push({ index, listener });
    return listener;
  }

  /** Has the ingress of that number listen there. Throws PORT_IN_USE. */
  async startIngress(index: number, place: ListenPlace): Promise<Listener> {
    const spec = this.#specOf(index);
    const credentials = this.#credentialsOf(index);
    const listener = await IngressListener.start({ ...this.#options, place, spec, credentials });
    this.#ingress.push({ index, listener });
    return listener;
  }

  /** Takes over listeners of the edge before, which are what this one says from now on. */
  adopt(before: Edge, kept: readonly Kept[]): void {
    for (const { kind, from, to } of kept) {
      const isIt = ({ index }: Numbered<unknown>) => index === from;
      if (kind === 'tcp') {
        for (const { listener } of before.#tcp.filter(isIt)) {
          listener.reshape(this.#tcpSpecOf(to));
          this.#tcp.push({ index: to, listener });
        }
      } else {
        for (const { listener } of before.#ingress.filter(isIt)) {
          listener.reshape(this.#specOf(to), this.#credentialsOf(to));
          this.#ingress.push({ index: to, listener });
        }
      }
    }
  }

  /** One for each ingress. New connections get these. */
  updateCredentials(credentials: readonly IngressCredentials[]): void {
    this.#credentials = credentials;
    for (const { index, listener } of this.#ingress) {
      listener.updateCredentials(this.#credentialsOf(index));
    }
  }

  #tcpSpecOf(index: number): TcpSpec {
    const spec = this.#options.spec.tcp[index];
    if (spec === undefined) throw new Error(`there is no tcp.${index}`);
    return spec;
  }

  #specOf(index: number): IngressSpec {
    const spec = this.#options.spec.ingress[index];
    if (spec === undefined) throw new Error(`there is no ingress.${index}`);
    return spec;
  }

  #credentialsOf(index: number): IngressCredentials {
    return this.#credentials[index] ?? noCredentials;
  }
}
