/** Owns the routes in use: a balancer for each service that is asked for, kept current. */

import { isDeepStrictEqual } from 'node:util';
import type { Clock, Random } from '../../../core/clock.ts';
import type { ClusterName, FederationName, ServiceName } from '../../../core/names.ts';
import type { PolicyResource, RateLimitPolicy } from '../../../policy/effective.ts';
import type { TrafficPolicy } from '../../../policy/traffic-policy.ts';
import type { Protocol } from '../../../registry/model.ts';
import { createServiceBalancer } from '../balance/balancer.ts';
import type { BreakerTable } from '../balance/breaker-table.ts';
import type { OnShut } from '../balance/breakers.ts';
import { type Shift, steeringOf } from '../balance/steering.ts';
import type { BalanceView, Caller, ServiceBalancer } from '../balance/types.ts';
import { type ClusterFacts, type LinkLookup, viewFromHere } from '../balance/view.ts';
import type { EndpointTransport } from '../message/call.ts';
import { limitOfRules } from '../request/rate-limit/limits.ts';
import { governedBy } from '../request/route/governed.ts';
import type { PartTarget } from '../request/route/ports.ts';
import { type Route, RouteTable } from '../request/route/route-table.ts';
import type { RouteResource } from '../request/route/rule-set.ts';
import { ClientRoutes } from './client-routes.ts';
import type { ServiceFacts } from './facts.ts';
import { HostRoutes } from './host-routes.ts';
import { portsOf } from './known-ports.ts';
import { PartRoutes } from './part-routes.ts';

/** Everything a route is made from, looked up when it is needed. */
interface RoutingSource {
  /** Undefined when nobody has the service. */
  facts(service: ServiceName): ServiceFacts | undefined;
  clusters(): ReadonlyMap<ClusterName, ClusterFacts>;
  links: LinkLookup;
  /** The policy that holds for a service here: for requests of a cluster's clients, default this one's. */
  policy(service: ServiceName, client?: ClusterName): TrafficPolicy;
  /** The policies that hold for requests for a service here, and are the steps' to go by: more specific ones first. */
  governing(service: ServiceName): readonly PolicyResource[];
  /** All Routes. */
  routes(): readonly RouteResource[];
  /** The rate limit that rules of a namespace's Routes name so. */
  limit(namespace: string, name: string): RateLimitPolicy | undefined;
  /** The only clusters whose gateways may ask for a service here; undefined: all. */
  exportedTo(service: ServiceName): readonly ClusterName[] | undefined;
  /** Whether other clusters know a service here by another name. */
  isRenamed(service: ServiceName): boolean;
  /** The service that they know by a name which is not its own. */
  exportedAs(name: string): ServiceName | undefined;
  /** The service that a host leads to. */
  ledTo(host: string): ServiceName | undefined;
  /** How a service's endpoints here are reached over TLS; undefined: in clear text. */
  secure(service: ServiceName): EndpointTransport | undefined;
  /** Whether any policy is for the clients of one cluster. */
  tellsClientsApart(): boolean;
  /** Load that is moved on purpose. */
  shifts(): readonly Shift[];
}

interface RoutingOptions {
  readonly federation: FederationName;
  readonly caller: Caller;
  readonly source: RoutingSource;
  readonly clock: Clock;
  readonly random: Random;
  readonly breakers?: BreakerTable;
  readonly onShut?: OnShut;
  /** Hears of each endpoint that is ejected. */
  readonly onEjected?: (service: ServiceName, id: string) => void;
  /** Told of each service that is asked for and was not before. */
  onUsed(service: ServiceName): void;
}

/**
 * A route is made when a service is first asked for, and from then on updated by each change that touches it;
 * so the cost of a change is that of the routes it touches, not of all.
 */
export class Routing {
  readonly table: RouteTable;
  readonly #options: RoutingOptions;
  readonly #clients: ClientRoutes;
  readonly #parts: PartRoutes;
  readonly #hosts: HostRoutes;

  constructor(options: RoutingOptions) {
    this.#options = options;
    const { federation, source, onUsed } = options;
    this.#clients = new ClientRoutes({
      isNeeded: () => source.tellsClientsApart(),
      policy: (service, client) => source.policy(service, client),
      make: (service, policy) => this.#make(service, policy),
    });
    this.#parts = new PartRoutes(options.caller.cluster, {
      whole: (service, client) => {
        const route = this.table.backend({ service });
        return route && client ? this.#clients.find(route, client) : route;
      },
      make: (service) => this.#balancer(service),
      update: (balancer, { service, policy }, narrow) => {
        const facts = narrow(source.facts(service) ?? nobody);
        balancer.update(this.#view(service, facts), policy.balance);
      },
      dropped: () => this.table.hostsChanged(),
    });
    this.#hosts = new HostRoutes({
      routes: () => source.routes(),
      make: (service) => this.#balancer(service),
    });
    this.table = new RouteTable(federation, {
      make: (service) => {
        const route = this.#make(service);
        if (route) onUsed(service);
        return route;
      },
      forClient: (route, client) => this.#forClient(route, client),
      ledTo: (host) => source.ledTo(host),
      exportedAs: (name) => source.exportedAs(name),
      part: (target) => this.#parts.find(target),
      limitNamed: (namespace, name) => {
        const policy = source.limit(namespace, name);
        return policy && limitOfRules(policy);
      },
      ofHost: (host, listener, withAny) => this.#hosts.find(host, listener, withAny),
    });
  }

  /** Policies changed, and with them what hosts lead to. */
  hostsChanged(): void {
    const rules = this.#options.source.routes().flatMap(({ spec }) => spec.rules);
    const targets = rules.flatMap(({ backends, mirrors }) => [
      ...backends,
      ...mirrors,
      ...backends.flatMap((backend) => backend.mirrors),
    ]);
    this.#parts.keep(targets);
    this.#hosts.changed();
    this.table.hostsChanged();
  }

  /** The balancer of a service, or of a part of it, that was asked for. */
  known(target: PartTarget): ServiceBalancer | undefined {
    const { service, ...part } = target;
    const isWhole = Object.values(part).every((one) => one === undefined);
    return isWhole ? this.table.get(service)?.balancer : this.#parts.known(target);
  }

  /** Has a route from now on for a service that another worker was asked for. */
  follow(service: ServiceName): void {
    if (this.table.get(service)) return;
    const route = this.#make(service);
    if (route) this.table.set(route);
  }

  /** A service's endpoints, its summaries or its policy changed. */
  serviceChanged(service: ServiceName): void {
    const route = this.table.get(service);
    if (!route) {
      this.table.appeared(service);
      return;
    }
    const facts = this.#factsOf(service);
    if (facts) {
      this.#update(route, facts);
      this.#parts.changed(service);
    } else {
      this.table.delete(service);
      route.balancer.close();
      this.#clients.drop(service);
      this.#parts.drop(service);
    }
  }

  /** Active checks of endpoints, by their ids, have passed. */
  checkPassed(service: ServiceName, ids: readonly string[]): void {
    this.table.get(service)?.balancer.checkPassed(ids);
    for (const { balancer } of this.#clients.of(service)) balancer.checkPassed(ids);
    for (const balancer of this.#parts.checked(service)) balancer.checkPassed(ids);
  }

  /** Load is moved on purpose otherwise than by `before`: a ramp says so often, and mostly of few services. */
  steeredAnew(before: readonly Shift[]): void {
    const after = this.#options.source.shifts();
    for (const { service } of this.table) {
      const isSame = isDeepStrictEqual(steeringOf(before, service), steeringOf(after, service));
      if (!isSame) this.serviceChanged(service);
    }
  }

  /** What is known of the way to a cluster changed, and with it how that cluster serves what it exports. */
  wayChanged(cluster: ClusterName): void {
    for (const { service } of this.table) {
      if (this.#factsOf(service)?.exports.has(cluster)) this.serviceChanged(service);
    }
  }

  /** Clusters, their members or the policy of all changed, and with them what other clusters can serve, or how. */
  everythingChanged(): void {
    for (const { service } of this.table) this.serviceChanged(service);
  }

  close(): void {
    for (const { balancer } of this.table) balancer.close();
    this.#clients.close();
    this.#parts.close();
  }

  #forClient(route: Route, client: ClusterName): Route {
    const { service, port } = route;
    if (!this.#options.source.tellsClientsApart()) return route;
    return port === undefined
      ? this.#clients.find(route, client)
      : this.#parts.forClient(route, { service, port }, client);
  }

  #make(service: ServiceName, policy = this.#options.source.policy(service)): Route | undefined {
    const { source } = this.#options;
    const facts = this.#factsOf(service);
    if (!facts) return undefined;
    const balancer = this.#balancer(service);
    balancer.update(this.#view(service, facts), policy.balance);
    return {
      service,
      balancer,
      policy,
      protocol: protocolOf(facts),
      ports: portsOf(facts, undefined),
      secure: source.secure(service),
      exportedTo: source.exportedTo(service),
      isRenamed: source.isRenamed(service),
      exported: isExported(facts),
      governed: governedBy(source.governing(service), undefined),
    };
  }

  #balancer(service: ServiceName): ServiceBalancer {
    return createServiceBalancer({ ...this.#options, service });
  }

  /** Nobody need have a service whose requests Routes lead to others. */
  #factsOf(service: ServiceName): ServiceFacts | undefined {
    const { source } = this.#options;
    const isRouted = () => source.governing(service).some(({ kind }) => kind === 'Route');
    return source.facts(service) ?? (isRouted() ? nobody : undefined);
  }

  #update(route: Route, facts: ServiceFacts): void {
    const update = (one: Route, policy: TrafficPolicy) => this.#updated(one, facts, policy);
    const updated = update(route, this.#options.source.policy(route.service));
    if (updated !== route) this.table.set(updated);
    this.#clients.changed(updated, update);
  }

  /** The same route where all of it but its balancer's view is as it was. */
  #updated(route: Route, facts: ServiceFacts, policy: TrafficPolicy): Route {
    const { service, balancer } = route;
    balancer.update(this.#view(service, facts), policy.balance);
    const exported = isExported(facts);
    const protocol = protocolOf(facts);
    const ports = portsOf(facts, route.ports);
    const secure = this.#options.source.secure(service);
    const exportedTo = this.#options.source.exportedTo(service);
    const isRenamed = this.#options.source.isRenamed(service);
    const governed = governedBy(this.#options.source.governing(service), route.governed);
    const isSame =
      route.exported === exported &&
      route.protocol === protocol &&
      route.ports === ports &&
      route.secure === secure &&
      route.exportedTo === exportedTo &&
      route.isRenamed === isRenamed &&
      route.policy === policy &&
      route.governed === governed;
    return isSame
      ? route
      : { ...route, exported, exportedTo, isRenamed, protocol, ports, secure, policy, governed };
  }

  /** The view that this gateway's decisions on a service are made from. */
  #view(service: ServiceName, { endpoints, exports }: ServiceFacts): BalanceView {
    const { caller, source } = this.#options;
    const clusters = source.clusters();
    const view = viewFromHere(service, caller.cluster, endpoints, exports, clusters, source.links);
    return { ...view, steering: steeringOf(source.shifts(), service) };
  }
}

const nobody: ServiceFacts = { endpoints: [], exports: new Map() };

/** The protocol of the own endpoints where there are any, else of some cluster that exports the service. */
function protocolOf({ endpoints, exports }: ServiceFacts): Protocol | undefined {
  const [own] = endpoints;
  if (own !== undefined) return own.protocol;
  const [summary] = exports.values();
  return summary?.protocol;
}

function isExported({ endpoints }: ServiceFacts): boolean {
  return endpoints.some(({ exported }) => exported);
}
