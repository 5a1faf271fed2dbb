/** Owns which service a request is for: its host, looked up. */
import { type FederationName, isLabel, type ServiceName } from '../../core/names.ts';
import { ownText } from '../../core/own-text.ts';
import type { ServiceBalancer } from '../balance/types.ts';
import type { RouteRetry } from './retry.ts';

/** All in milliseconds. */
export interface RouteTimeouts {
  /** From the end of the request, its body included, to the response head, all tries together; default 30000, 0 = none. */
  readonly requestMs: number;
  /** To get a connection to an endpoint; default 1000. */
  readonly connectMs: number;
  /** Of one try, to the response head; a try that takes longer counts as failed. Default 0 = none. */
  readonly perTryMs: number;
  /** Without a byte in either direction before the exchange is cut; default 300000, 0 = none. */
  readonly idleMs: number;
}

export const defaultTimeouts: RouteTimeouts = {
  requestMs: 30_000,
  connectMs: 1_000,
  perTryMs: 0,
  idleMs: 300_000,
};

/** How requests for one service are carried. Immutable: a change sets a new one. */
export interface Route {
  readonly service: ServiceName;
  readonly balancer: ServiceBalancer;
  readonly timeouts: RouteTimeouts;
  /** Whether gateways of other clusters may ask for it here. */
  readonly exported: boolean;
  /** Default `defaultRetry`. */
  readonly retry?: RouteRetry | undefined;
  /** Request field whose value `ring-hash` and `maglev` hash; default the client's address. */
  readonly hashField?: string | undefined;
}

/** Finds the route a request is for. Asked for every request: it waits for nothing. */
export interface RouteLookup {
  find(authority: string, path: string): Route | undefined;
}

/** Most authorities remembered with what they led to. */
const maxFound = 4096;

/**
 * What an authority has in front of the federation's name. Case, a port and one trailing dot do not
 * matter (RFC 9110 section 4.2.3); anything else is exact.
 */
function nameIn(authority: string, suffix: string): string | undefined {
  const host = /^([^:]+?)\.?(?::\d*)?$/.exec(authority)?.[1]?.toLowerCase();
  return host?.endsWith(suffix) ? host.slice(0, -suffix.length) : undefined;
}

function isServiceName(name: string): name is ServiceName {
  const labels = name.split('.');
  return labels.length === 2 && labels.every(isLabel);
}

/**
 * Routes by service, set and deleted as the world changes. A service asked for without a route is made one
 * by `make`, when there is such a service: so a gateway spends nothing on services nobody here uses.
 */
export class RouteTable implements RouteLookup {
  readonly #suffix: string;
  readonly #make: (service: ServiceName) => Route | undefined;
  readonly #routes = new Map<string, Route>();
  /** By authority as it was sent; forgotten with every change. */
  readonly #found = new Map<string, Route>();

  constructor(
    federation: FederationName,
    make: (service: ServiceName) => Route | undefined = () => undefined,
  ) {
    this.#suffix = `.${federation}`;
    this.#make = make;
  }

  set(route: Route): void {
    this.#routes.set(route.service, route);
    this.#found.clear();
  }

  delete(service: ServiceName): void {
    this.#routes.delete(service);
    this.#found.clear();
  }

  get(service: ServiceName): Route | undefined {
    return this.#routes.get(service);
  }

  /** Finds the route of `<service>.<namespace>.<federation>`. */
  find(authority: string): Route | undefined {
    return this.#found.get(authority) ?? this.#search(authority);
  }

  #search(authority: string): Route | undefined {
    const name = nameIn(authority, this.#suffix);
    if (name === undefined) return undefined;
    let route = this.#routes.get(name);
    if (route === undefined && isServiceName(name)) {
      route = this.#make(name);
      if (route !== undefined) this.set(route);
    }
    if (route === undefined) return undefined;
    if (this.#found.size >= maxFound) this.#found.clear();
    this.#found.set(ownText(authority), route);
    return route;
  }

  [Symbol.iterator](): IterableIterator<Route> {
    return this.#routes.values();
  }
}
