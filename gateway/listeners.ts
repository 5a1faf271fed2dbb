/** Owns the listeners other programs know this gateway by: outbound, east-west, federation, and those for clients from outside. */
import { formatAddress, parseAddress } from '../core/address.ts';
import type { Clock } from '../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { type FederationListener, startFederationListener } from '../federation/listener.ts';
import type { FederationService } from '../federation/service.ts';
import type { GatewayConfig } from './config.ts';
import type { IngressCredentials } from './edge/credentials.ts';
import { Edge, type EdgeAddresses } from './edge/edge.ts';
import { edgeSpecOf } from './edge-spec.ts';
import type { Identity } from './identity.ts';
import { type EastWestListener, startEastWestListener } from './proxy/east-west-listener.ts';
import type { Listener } from './proxy/listen.ts';
import { startOutboundListener } from './proxy/outbound-listener.ts';
import type { GatewayProxy } from './proxy/proxy.ts';
import type { RouteLookup } from './proxy/route.ts';

export interface ListenersOptions {
  readonly config: GatewayConfig;
  readonly identity: Identity;
  readonly proxy: GatewayProxy;
  /** Finds services by their own names. */
  readonly routes: RouteLookup;
  /** What each ingress proves itself by. */
  readonly credentials: readonly IngressCredentials[];
  readonly federation: FederationService;
  readonly clock: Clock;
  readonly log: Log;
}

export class Listeners {
  readonly #federationHost: string;
  readonly #outbound: Listener;
  readonly #eastWest: EastWestListener;
  readonly #federation: FederationListener;
  readonly #edge: Edge;

  private constructor(
    federationHost: string,
    outbound: Listener,
    eastWest: EastWestListener,
    federation: FederationListener,
    edge: Edge,
  ) {
    this.#federationHost = federationHost;
    this.#outbound = outbound;
    this.#eastWest = eastWest;
    this.#federation = federation;
    this.#edge = edge;
  }

  /** Starts all, or none. Throws PORT_IN_USE where one is taken. */
  static async start(options: ListenersOptions): Promise<Listeners> {
    const { config, identity, proxy, clock, log } = options;
    const { listen } = config;
    const started: { close(): Promise<void> }[] = [];
    const proof = { identity: () => identity.leaf.current, trust: identity.trust };
    const start = async <T extends { close(): Promise<void> }>(
      name: 'outbound' | 'eastWest' | 'federation',
      listener: Promise<T>,
    ): Promise<T> => {
      try {
        started.push(await listener);
      } catch (thrown) {
        throw placed(thrown, `listen.${name} ${listen[name]}`);
      }
      return listener;
    };
    try {
      const common = { proxy, clock, log };
      const outbound = await start(
        'outbound',
        startOutboundListener({ ...common, address: parseAddress(listen.outbound) }),
      );
      const eastWest = await start(
        'eastWest',
        startEastWestListener({ ...common, ...proof, address: parseAddress(listen.eastWest) }),
      );
      const at = parseAddress(listen.federation);
      const federation = await start(
        'federation',
        startFederationListener({ ...at, ...proof, service: options.federation, clock, log }),
      );
      const { routes: services, credentials } = options;
      const edge = await Edge.start({ ...common, spec: edgeSpecOf(config), credentials, services });
      return new Listeners(at.host, outbound, eastWest, federation, edge);
    } catch (thrown) {
      await Promise.all(started.map((listener) => listener.close()));
      throw thrown;
    }
  }

  /** Where they are bound; the real ports where 0 was asked for. */
  get addresses(): {
    readonly outbound: string;
    readonly eastWest: string;
    readonly federation: string;
  } & EdgeAddresses {
    return {
      outbound: this.#outbound.address,
      eastWest: this.#eastWest.address,
      federation: formatAddress(this.#federationHost, this.#federation.port),
      ...this.#edge.addresses,
    };
  }

  /** New connections see the current certificate. */
  updateIdentity(): void {
    this.#eastWest.updateIdentity();
    this.#federation.updateIdentity();
  }

  /** New connections to the ingress see these certificates. */
  updateCredentials(credentials: readonly IngressCredentials[]): void {
    this.#edge.updateCredentials(credentials);
  }

  /** Take nothing new, let what is in flight finish for at most `limitMs`, then end. */
  async drain(limitMs: number): Promise<void> {
    await Promise.all([
      this.#outbound.drain(limitMs),
      this.#eastWest.drain(limitMs),
      this.#edge.drain(limitMs),
    ]);
    await this.#federation.close();
  }

  /** End at once. */
  async close(): Promise<void> {
    await Promise.all([
      this.#outbound.close(),
      this.#eastWest.close(),
      this.#federation.close(),
      this.#edge.close(),
    ]);
  }
}

/** The error, placed at the configuration's key for what could not be listened on. */
function placed(thrown: unknown, where: string): IsthmusError {
  const { code, message, fix, cause } = asIsthmusError(thrown);
  return new IsthmusError(code, { what: message, where, fix, cause });
}
