/** Owns all listeners for clients from outside: started together, renewed, and ended together. */
import type { HostPort } from '../../core/address.ts';
import type { Clock } from '../../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { ServiceName } from '../../core/names.ts';
import type { Listener } from '../proxy/listen.ts';
import type { GatewayProxy } from '../proxy/proxy.ts';
import type { RouteLookup } from '../proxy/route.ts';
import type { IngressCredentials } from './credentials.ts';
import { IngressListener } from './ingress-listener.ts';
import type { IngressSpec } from './ingress-spec.ts';
import { startTcpListener } from './tcp-listener.ts';

/** What there is to listen on, as plain values that can be handed to another thread. */
export interface EdgeSpec {
  readonly tcp: readonly { readonly address: HostPort; readonly service: ServiceName }[];
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

/** Where they are bound, by `tcp.0`, `ingress.0` and so on; the real ports where 0 was asked for. */
export type EdgeAddresses = Readonly<Record<string, string>>;

export class Edge {
  readonly #tcp: Listener[] = [];
  readonly #ingress: IngressListener[] = [];

  private constructor() {}

  /** Starts all, or none. Throws PORT_IN_USE where one is taken, with its place in the configuration. */
  static async start(options: EdgeOptions): Promise<Edge> {
    const { spec, credentials, ...ground } = options;
    const edge = new Edge();
    let place = '';
    try {
      for (const [i, tcp] of spec.tcp.entries()) {
        place = `tcp.${i}.listen`;
        edge.#tcp.push(await startTcpListener({ ...ground, ...tcp }));
      }
      for (const [i, ingress] of spec.ingress.entries()) {
        place = `ingress.${i}.listen`;
        const own = credentials[i] ?? { certificates: [], clientCa: undefined };
        edge.#ingress.push(
          await IngressListener.start({ ...ground, spec: ingress, credentials: own }),
        );
      }
      return edge;
    } catch (thrown) {
      await edge.close();
      const { code, message, where, fix, cause } = asIsthmusError(thrown);
      const at = where === undefined ? place : `${place} ${where}`;
      throw new IsthmusError(code, { what: message, where: at, fix, cause });
    }
  }

  get addresses(): EdgeAddresses {
    return Object.fromEntries([
      ...this.#tcp.map(({ address }, i) => [`tcp.${i}`, address]),
      ...this.#ingress.map(({ address }, i) => [`ingress.${i}`, address]),
    ]);
  }

  /** One for each ingress. New connections get these. */
  updateCredentials(credentials: readonly IngressCredentials[]): void {
    for (const [i, own] of credentials.entries()) this.#ingress[i]?.updateCredentials(own);
  }

  /** Takes nothing new, lets what is in flight finish for at most `limitMs`, then ends. */
  async drain(limitMs: number): Promise<void> {
    await Promise.all(this.#all().map((listener) => listener.drain(limitMs)));
  }

  /** Cuts everything off at once. */
  async close(): Promise<void> {
    await Promise.all(this.#all().map((listener) => listener.close()));
  }

  #all(): readonly Listener[] {
    return [...this.#tcp, ...this.#ingress];
  }
}
