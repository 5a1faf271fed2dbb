/** Owns which service a request is for: its host, looked up. */

import {
  type ClusterName,
  type FederationName,
  isLabel,
  type ServiceName,
} from '../../../../core/names.ts';
import { ownText } from '../../../../core/own-text.ts';
import { hostIn } from '../../../../core/uri-authority.ts';
import type { TrafficPolicy } from '../../../../policy/traffic-policy.ts';
import type { Protocol } from '../../../../registry/model.ts';
import type { ServiceBalancer } from '../../balance/types.ts';
import type { EndpointTransport } from '../../message/call.ts';
import type { Governed } from './governed.ts';

/** How requests for one service are carried. Immutable: a change sets a new one. */
export interface Route {
  readonly service: ServiceName;
  readonly balancer: ServiceBalancer;
  /** The policy that holds for the service here. */
  readonly policy: TrafficPolicy;
  /** The service's protocol, here or where it is exported; undefined where nobody says. */
  readonly protocol?: Protocol | undefined;
  /** How its endpoints here are reached over TLS; absent: in clear text. */
  readonly secure?: EndpointTransport | undefined;
  /** Whether gateways of other clusters may ask for it here. */
  readonly exported: boolean;
  /** The only clusters whose gateways may; absent: all. */
  readonly exportedTo?: readonly ClusterName[] | undefined;
  /** Whether they know it by another name, and may not ask by its own. */
  readonly isRenamed?: boolean | undefined;
  /** What written policies say of its requests; undefined where none does. */
  readonly governed?: Governed | undefined;
}

/** Finds the route a request is for. Asked for every request: it waits for nothing. */
export interface RouteLookup {
  find(authority: string, path: string): Route | undefined;
  /** The service that a request is led to all the same, though nobody has it; asked when there is no route. */
  ledTo?(authority: string, path: string): ServiceName | undefined;
  /** The route in the place of one that was found, for requests of another cluster's clients. */
  forClient?(route: Route, client: ClusterName): Route;
  /** The route that gateways of other clusters are led to by a name; `renamed`: they may not ask for that service by it. */
  findExported?(authority: string): Route | 'renamed' | undefined;
}

/** Most authorities remembered with what they led to. */
const maxFound = 4096;

/** The part of an authority in front of the federation's name. */
function nameIn(authority: string, suffix: string): string | undefined {
  const host = hostIn(authority);
  return host.endsWith(suffix) ? host.slice(0, -suffix.length) : undefined;
}

function isServiceName(name: string): name is ServiceName {
  const labels = name.split('.');
  return labels.length === 2 && labels.every(isLabel);
}

/**
 * Routes by service, set and deleted as services come, change and go. A service asked for without a route is made one
 * by `make`, when there is such a service: so a gateway spends nothing on services nobody here uses.
 */
export class RouteTable implements RouteLookup {
  readonly #suffix: string;
  readonly #make: (service: ServiceName) => Route | undefined;
  readonly forClient: (route: Route, client: ClusterName) => Route;
  /** Asked for host and port, then for the host. */
  readonly #ledTo: (host: string) => ServiceName | undefined;
  /** The service that is exported by a name which is not its own. */
  readonly #exportedAs: (name: string) => ServiceName | undefined;
  readonly #routes = new Map<string, Route>();
  /** By authority as it was sent; forgotten with every change. */
  readonly #found = new Map<string, Route>();

  constructor(
    federation: FederationName,
    make: (service: ServiceName) => Route | undefined = () => undefined,
    forClient: (route: Route, client: ClusterName) => Route = (route) => route,
    ledTo: (host: string) => ServiceName | undefined = () => undefined,
    exportedAs: (name: string) => ServiceName | undefined = () => undefined,
  ) {
    this.forClient = forClient;
    this.#ledTo = ledTo;
    this.#exportedAs = exportedAs;
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

  /** Hosts lead to other services than before. */
  aliasesChanged(): void {
    this.#found.clear();
  }

  /** A service without a route may be there now, whose own name led to another before. */
  appeared(service: ServiceName): void {
    if (this.#ledTo(`${service}${this.#suffix}`) !== undefined) this.#found.clear();
  }

  /** The service that a host which names none leads to. */
  ledTo(authority: string): ServiceName | undefined {
    return this.#ledTo(authority.toLowerCase()) ?? this.#ledTo(hostIn(authority));
  }

  /** Finds the route of `<service>.<namespace>.<federation>`, or of the service that the host leads to where nobody has that. */
  find(authority: string): Route | undefined {
    return this.#found.get(authority) ?? this.#search(authority);
  }

  #search(authority: string): Route | undefined {
    const named = this.#named(nameIn(authority, this.#suffix));
    const route = named ?? this.#named(this.ledTo(authority));
    if (route === undefined) return undefined;
    if (this.#found.size >= maxFound) this.#found.clear();
    this.#found.set(ownText(authority), route);
    return route;
  }

  /** What is exported by that very name comes first, as in what other clusters are told. */
  findExported(authority: string): Route | 'renamed' | undefined {
    const own = this.find(authority);
    if (own?.exported && own.isRenamed !== true) return own;
    const name = nameIn(authority, this.#suffix);
    const other = name === undefined ? undefined : this.#named(this.#exportedAs(name));
    return other ?? (own?.isRenamed ? 'renamed' : own);
  }

  #named(name: string | undefined): Route | undefined {
    const known = name === undefined ? undefined : this.#routes.get(name);
    if (known !== undefined || name === undefined || !isServiceName(name)) return known;
    const route = this.#make(name);
    if (route !== undefined) this.set(route);
    return route;
  }

  [Symbol.iterator](): IterableIterator<Route> {
    return this.#routes.values();
  }
}
