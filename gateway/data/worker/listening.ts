/** Owns where a worker takes requests: its listeners, one for each socket. */
import type { LeafIdentity } from '../../../certs/authority.ts';
import type { TrustStore } from '../../../certs/trust-store.ts';
import { parseAddress } from '../../../core/address.ts';
import type { Clock } from '../../../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import type { ClusterName } from '../../../core/names.ts';
import type { IngressCredentials } from '../listen/credentials.ts';
import { type EastWestListener, startEastWestListener } from '../listen/east-west-listener.ts';
import { Edge, type EdgeSpec, type Kept } from '../listen/edge.ts';
import type { Listener, ListenPlace } from '../listen/listen.ts';
import { startOutboundListener } from '../listen/outbound-listener.ts';
import type { GatewayProxy } from '../request/proxy.ts';
import type { RouteLookup } from '../request/route/route-table.ts';
import {
  type Bound,
  type DataListener,
  edgeNumber,
  forEachListener,
  type ListenAt,
  listenerKey,
  type PerListener,
} from './listeners.ts';
import type { Requests, Results } from './protocol.ts';

interface ListenersOptions {
  readonly proxy: GatewayProxy;
  readonly identity: () => LeafIdentity;
  readonly trust: TrustStore;
  /** The bundles of foreign trust domains, apart: they vouch for clients at ingresses and for no gateway. */
  readonly foreign: TrustStore;
  /** Whether connections to the outbound listener begin with a PROXY protocol header. */
  readonly outboundProxyProtocol: boolean;
  /** Whether those to the east-west listener do. */
  readonly eastWestProxyProtocol: boolean;
  readonly edge: EdgeSpec;
  readonly credentials: readonly IngressCredentials[];
  readonly services: RouteLookup;
  /** A gateway of that cluster has connected. */
  onGateway(cluster: ClusterName): void;
  readonly clock: Clock;
  readonly log: Log;
}

/** The open listeners, by the name in the configuration. */
type Open = ReadonlyMap<DataListener, readonly Listener[]>;

/** Longer than any timer of Node's can be: what is in flight on a listener that is no more may take as long as it likes. */
const foreverMs = 2 ** 31 - 1;

export class Listeners {
  readonly #options: ListenersOptions;
  readonly #eastWest: EastWestListener[] = [];
  /** Listeners that are no more, as long as something is in flight on them. */
  readonly #retired = new Set<Listener>();
  #edge: Edge;
  #open: Open = new Map();
  #prepared: { readonly edge: Edge; readonly open: Open } | undefined;

  constructor(options: ListenersOptions) {
    this.#options = options;
    this.#edge = new Edge({ ...options, spec: options.edge });
  }

  /** Starts all. Throws PORT_IN_USE, placed at the configuration's key; the caller then closes. */
  async listen(at: PerListener<ListenAt>): Promise<Results['listen']> {
    const open = new Map<DataListener, readonly Listener[]>();
    this.#open = open;
    return this.#startInto(open, at, this.#edge);
  }

  /** Starts more, for an edge that is not in force before `commit`. Throws PORT_IN_USE; then nothing is prepared. */
  async prepare({ at, edge: spec, credentials }: Requests['prepare']): Promise<Results['prepare']> {
    await this.discard();
    const edge = new Edge({ ...this.#options, spec, credentials });
    const open = new Map<DataListener, readonly Listener[]>();
    this.#prepared = { edge, open };
    try {
      return await this.#startInto(open, at, edge);
    } catch (thrown) {
      await this.discard();
      throw thrown;
    }
  }

  /** The prepared edge is in force, with the listeners of before that are `kept`; the others take nothing new. */
  commit(kept: readonly Kept[]): void {
    if (this.#prepared === undefined) throw new Error('nothing is prepared');
    const { edge, open } = this.#prepared;
    this.#prepared = undefined;
    const before = this.#open;
    const now = new Map([...before].filter(([name]) => name === 'outbound' || name === 'eastWest'));
    for (const { kind, from, to } of kept) {
      now.set(`${kind}.${to}`, before.get(`${kind}.${from}`) ?? []);
    }
    for (const [name, listeners] of open) now.set(name, listeners);
    edge.adopt(this.#edge, kept);
    this.#edge = edge;
    this.#open = now;
    const stays = new Set([...now.values()].flat());
    for (const listener of [...before.values()].flat()) {
      if (!stays.has(listener)) void this.#retire(listener);
    }
  }

  async discard(): Promise<void> {
    const listeners = [...(this.#prepared?.open.values() ?? [])].flat();
    this.#prepared = undefined;
    await Promise.all(listeners.map((listener) => listener.close()));
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
    for (const listener of this.#all()) listener.stop();
  }

  async drain(limitMs: number, graceMs: number): Promise<void> {
    await Promise.all(this.#all().map((listener) => listener.drain(limitMs, graceMs)));
  }

  async close(): Promise<void> {
    await Promise.all(this.#all().map((listener) => listener.close()));
  }

  #all(): Listener[] {
    return [...[...this.#open.values()].flat(), ...this.#retired];
  }

  /** Frees the listener's port at once; its connections close as they come to rest. */
  async #retire(listener: Listener): Promise<void> {
    this.#retired.add(listener);
    await listener.drain(foreverMs);
    this.#retired.delete(listener);
  }

  #startInto<All extends Partial<PerListener<ListenAt>>>(
    open: Map<DataListener, readonly Listener[]>,
    at: All,
    edge: Edge,
  ): Promise<{ readonly [Name in keyof All]: Bound }> {
    return forEachListener(at, async (name, place: ListenAt) => {
      const started = await this.#startAll(name, place, edge);
      open.set(name, started);
      const fds = started.map(({ fd }) => fd).filter((fd) => fd !== undefined);
      return { address: started[0]?.address ?? '', fds };
    });
  }

  async #startAll(name: DataListener, at: ListenAt, edge: Edge): Promise<Listener[]> {
    const places: ListenPlace[] =
      at.kind === 'inherited'
        ? at.fds.map((fd) => ({ fd }))
        : [{ ...parseAddress(at.address), shared: at.shared }];
    const started: Listener[] = [];
    try {
      for (const place of places) started.push(await this.#start(name, place, edge));
      return started;
    } catch (thrown) {
      await Promise.all(started.map((listener) => listener.close()));
      const { code, message, where, fix, cause } = asIsthmusError(thrown);
      const key = `${listenerKey(name)} ${at.kind === 'address' ? at.address : where}`;
      throw new IsthmusError(code, { what: message, where: key, fix, cause });
    }
  }

  async #start(name: DataListener, place: ListenPlace, edge: Edge): Promise<Listener> {
    if (name === 'outbound') {
      const { outboundProxyProtocol: proxyProtocol } = this.#options;
      return startOutboundListener({ ...this.#options, proxyProtocol, place });
    }
    if (name === 'eastWest') {
      const { eastWestProxyProtocol: proxyProtocol } = this.#options;
      const listener = await startEastWestListener({ ...this.#options, proxyProtocol, place });
      this.#eastWest.push(listener);
      return listener;
    }
    const { kind, index } = edgeNumber(name);
    return kind === 'tcp' ? edge.startTcp(index, place) : edge.startIngress(index, place);
  }
}
