/** Owns which service a request is for: its host, looked up. */

import {
  type AskedName,
  type ClusterName,
  type FederationName,
  readAskedService,
  type ServiceName,
} from '../../../../core/names.ts';
import { ownText } from '../../../../core/own-text.ts';
import { hostIn } from '../../../../core/uri-authority.ts';
import type { BackendTarget } from '../../../../policy/route/rule.ts';
import type { TrafficPolicy } from '../../../../policy/traffic-policy.ts';
import type { Protocol } from '../../../../registry/model.ts';
import type { ServiceBalancer } from '../../balance/types.ts';
import type { EndpointTransport } from '../../message/call.ts';
import type { LimitLookup } from '../rate-limit/limits.ts';
import type { Governed } from './governed.ts';
import { byPortName, type KnownPorts, type PartTarget } from './ports.ts';

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
  /** It is a host that Routes have, and no service: only their rules lead on. */
  readonly isHost?: true | undefined;
  /** The named ports that somebody has, here or elsewhere; absent: nobody has any. Of the same always the same object. */
  readonly ports?: KnownPorts | undefined;
  /** The port that it leads to; absent: the one that has no name. */
  readonly port?: string | undefined;
  /** The name by which gateways ask each other for that port, `grpc.orders.shop`. */
  readonly named?: string | undefined;
  /** Labels, encoded, that its endpoints have: the rest of the service's are not its; absent: all are. */
  readonly subset?: string | undefined;
  /** What written policies say of its requests; undefined where none does. */
  readonly governed?: Governed | undefined;
}

/** Finds the route a request is for. Asked for every request: it waits for nothing. */
export interface RouteLookup {
  find(authority: string, path: string): Route | undefined;
  /** The route of a service, whole or in part, wherever it is led to from; undefined where nobody has it. */
  backend?(target: BackendTarget): Route | undefined;
  /** The route of a host that Routes have at a listener of that name; `withAny`: those count that name no host. */
  ofHost?(host: string, listener: string, withAny: boolean): Route | undefined;
  /** The service that a request is led to all the same, though nobody has it; asked when there is no route. */
  ledTo?(authority: string, path: string): AskedName | undefined;
  /** The rate limit that rules of a namespace's Routes name so. */
  limitNamed?: LimitLookup;
  /** The route in the place of one that was found, for requests of another cluster's clients. */
  forClient?(route: Route, client: ClusterName): Route;
  /** The route that gateways of other clusters are led to by a name; `renamed`: they may not ask for that service by it. */
  findExported?(authority: string): Route | 'renamed' | undefined;
}

/** Where a table finds what it has not been told of. */
interface RouteSources {
  /** Makes the route of a service that is asked for the first time; undefined where nobody has it. */
  make?(service: ServiceName): Route | undefined;
  forClient?(route: Route, client: ClusterName): Route;
  /** The service that a host leads to: asked for host and port, then for the host. */
  ledTo?(host: string): ServiceName | undefined;
  /** The service that is exported by a name which is not its own. */
  exportedAs?(name: string): ServiceName | undefined;
  /** The route of a part of a service. */
  part?(target: PartTarget): Route | undefined;
  ofHost?(host: string, listener: string, withAny: boolean): Route | undefined;
  limitNamed?: LimitLookup;
}

/** The name of the listener for clients of the own cluster, as Routes name it. */
const outbound = 'outbound';

/** Most authorities remembered with what they led to. */
const maxFound = 4096;

/** The part of an authority in front of the federation's name. */
function nameIn(authority: string, suffix: string): string | undefined {
  const host = hostIn(authority);
  return host.endsWith(suffix) ? host.slice(0, -suffix.length) : undefined;
}

/**
 * Routes by service, set and deleted as services come, change and go. A service asked for without a route is made one
 * by `make`, when there is such a service: so a gateway spends nothing on services nobody here uses.
 */
export class RouteTable implements RouteLookup {
  readonly #suffix: string;
  readonly #sources: RouteSources;
  readonly #routes = new Map<string, Route>();
  /** By authority as it was sent; forgotten with every change. */
  readonly #found = new Map<string, Route>();

  constructor(federation: FederationName, sources: RouteSources = {}) {
    this.#suffix = `.${federation}`;
    this.#sources = sources;
  }

  forClient(route: Route, client: ClusterName): Route {
    return this.#sources.forClient?.(route, client) ?? route;
  }

  backend(target: BackendTarget): Route | undefined {
    const { service } = target;
    if (target.port === undefined) return this.#part(target as PartTarget);
    const ports = this.#named(service)?.ports;
    const part = byPortName(target, ports);
    const { port } = part;
    return port === undefined || ports?.has(port) ? this.#part(part) : undefined;
  }

  #part(target: PartTarget): Route | undefined {
    const { service, cluster, subset, port } = target;
    return cluster === undefined && subset === undefined && port === undefined
      ? this.#named(service)
      : this.#sources.part?.(target);
  }

  ofHost(host: string, listener: string, withAny = true): Route | undefined {
    return this.#sources.ofHost?.(host, listener, withAny);
  }

  limitNamed(...[namespace, name]: Parameters<LimitLookup>): ReturnType<LimitLookup> {
    return this.#sources.limitNamed?.(namespace, name);
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

  /** Hosts lead to other services, or by other rules, than before. */
  hostsChanged(): void {
    this.#found.clear();
  }

  /** A service without a route may be there now, whose own name led to another before. */
  appeared(service: ServiceName): void {
    const host = `${service}${this.#suffix}`;
    const isLed = this.#sources.ledTo?.(host) ?? this.ofHost(host, outbound);
    if (isLed !== undefined) this.#found.clear();
  }

  /** The service that a host which names none leads to. */
  ledTo(authority: string): ServiceName | undefined {
    const { ledTo } = this.#sources;
    return ledTo?.(authority.toLowerCase()) ?? ledTo?.(hostIn(authority));
  }

  /** Finds the route of `<service>.<namespace>.<federation>`, or of its port with that in front of it; else of the service that the host leads to where nobody has that. */
  find(authority: string): Route | undefined {
    return this.#found.get(authority) ?? this.#search(authority);
  }

  #search(authority: string): Route | undefined {
    const asked = readAskedService(nameIn(authority, this.#suffix) ?? '');
    const own = asked && this.backend(asked);
    const route =
      own ??
      this.ofHost(hostIn(authority), outbound, false) ??
      this.#named(this.ledTo(authority)) ??
      this.ofHost(hostIn(authority), outbound);
    // The port may be there later, which nobody tells of where nobody asks for its service.
    if (route === undefined || (own === undefined && asked?.port !== undefined)) return route;
    if (this.#found.size >= maxFound) this.#found.clear();
    this.#found.set(ownText(authority), route);
    return route;
  }

  /** What is exported by that very name comes first, as in what other clusters are told. */
  findExported(authority: string): Route | 'renamed' | undefined {
    const own = this.find(authority);
    if (own?.exported && own.isRenamed !== true) return own;
    const asked = readAskedService(nameIn(authority, this.#suffix) ?? '');
    const service = asked && this.#sources.exportedAs?.(asked.service);
    const other = service && this.backend({ ...asked, service });
    return other ?? (own?.isRenamed ? 'renamed' : own);
  }

  #named(service: ServiceName | undefined): Route | undefined {
    const known = service === undefined ? undefined : this.#routes.get(service);
    if (known !== undefined || service === undefined) return known;
    const route = this.#sources.make?.(service);
    if (route !== undefined) this.set(route);
    return route;
  }

  [Symbol.iterator](): IterableIterator<Route> {
    return this.#routes.values();
  }
}
