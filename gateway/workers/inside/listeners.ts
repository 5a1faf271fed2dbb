/** Owns where a worker takes requests: its listeners, one for each socket. */
import type { LeafIdentity } from '../../../certs/authority.ts';
import type { TrustStore } from '../../../certs/trust-store.ts';
import { parseAddress } from '../../../core/address.ts';
import type { Clock } from '../../../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import type { IngressCredentials } from '../../edge/credentials.ts';
import { Edge, type EdgeSpec } from '../../edge/edge.ts';
import { type EastWestListener, startEastWestListener } from '../../proxy/east-west-listener.ts';
import type { Listener, ListenPlace } from '../../proxy/listen.ts';
import { startOutboundListener } from '../../proxy/outbound-listener.ts';
import type { GatewayProxy } from '../../proxy/proxy.ts';
import type { RouteLookup } from '../../proxy/route.ts';
import {
  type DataListener,
  forEachListener,
  type ListenAt,
  listenerKey,
  type PerListener,
} from '../listeners.ts';
import type { Results } from '../protocol.ts';

export interface ListenersOptions {
  readonly proxy: GatewayProxy;
  readonly identity: () => LeafIdentity;
  readonly trust: TrustStore;
  readonly edge: EdgeSpec;
  readonly credentials: readonly IngressCredentials[];
  readonly services: RouteLookup;
  readonly clock: Clock;
  readonly log: Log;
}

export class Listeners {
  readonly #options: ListenersOptions;
  readonly #edge: Edge;
  readonly #eastWest: EastWestListener[] = [];
  readonly #all: Listener[] = [];

  constructor(options: ListenersOptions) {
    this.#options = options;
    this.#edge = new Edge({ ...options, spec: options.edge });
  }

  /** Starts all. Throws PORT_IN_USE, placed at the configuration's key; the caller then closes. */
  listen(at: PerListener<ListenAt>): Promise<Results['listen']> {
    return forEachListener(at, async (name, place) => {
      const started = await this.#startAll(name, place);
      this.#all.push(...started);
      const fds = started.map(({ fd }) => fd).filter((fd) => fd !== undefined);
      return { address: started[0]?.address ?? '', fds };
    });
  }

  /** New connections see the current certificate. */
  updateIdentity(): void {
    for (const listener of this.#eastWest) listener.updateIdentity();
  }

  /** New connections from outside see these certificates. */
  updateCredentials(credentials: readonly IngressCredentials[]): void {
    this.#edge.updateCredentials(credentials);
  }

  stop(): void {
    for (const listener of this.#all) listener.stop();
  }

  async drain(limitMs: number, graceMs: number): Promise<void> {
    await Promise.all(this.#all.map((listener) => listener.drain(limitMs, graceMs)));
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((listener) => listener.close()));
  }

  async #startAll(name: DataListener, at: ListenAt): Promise<Listener[]> {
    const places: ListenPlace[] =
      at.kind === 'inherited'
        ? at.fds.map((fd) => ({ fd }))
        : [{ ...parseAddress(at.address), shared: at.shared }];
    const started: Listener[] = [];
    try {
      for (const place of places) started.push(await this.#start(name, place));
      return started;
    } catch (thrown) {
      await Promise.all(started.map((listener) => listener.close()));
      const { code, message, where, fix, cause } = asIsthmusError(thrown);
      const key = `${listenerKey(name)} ${at.kind === 'address' ? at.address : where}`;
      throw new IsthmusError(code, { what: message, where: key, fix, cause });
    }
  }

  async #start(name: DataListener, place: ListenPlace): Promise<Listener> {
    if (name === 'outbound') return startOutboundListener({ ...this.#options, place });
    if (name === 'eastWest') {
      const listener = await startEastWestListener({ ...this.#options, place });
      this.#eastWest.push(listener);
      return listener;
    }
    const [kind, number] = name.split('.');
    return kind === 'tcp'
      ? this.#edge.startTcp(Number(number), place)
      : this.#edge.startIngress(Number(number), place);
  }
}
