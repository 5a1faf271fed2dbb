/** Owns the routes in use: a balancer for each service that is asked for, kept current as the world changes. */
import type { Clock, Random } from '../core/clock.ts';
import type { ClusterName, FederationName, ServiceName } from '../core/names.ts';
import type { EndpointRecord, ExportRecord, Protocol } from '../registry/model.ts';
import type { ClusterView } from '../registry/snapshot.ts';
import { createServiceBalancer } from './balance/balancer.ts';
import type { BalancePolicy, BalanceView, Caller } from './balance/types.ts';
import { defaultRetry } from './proxy/retry.ts';
import { type Route, RouteTable, type RouteTimeouts } from './proxy/route.ts';
import { type LinkLookup, viewFromHere } from './view.ts';

/** Everything a route is made from, looked up when it is needed. */
export interface World {
  /** Endpoints of the own cluster: this gateway's and, through the registry, its siblings'. */
  endpoints(service: ServiceName): readonly EndpointRecord[];
  exports(service: ServiceName): ReadonlyMap<ClusterName, ExportRecord> | undefined;
  clusters(): ReadonlyMap<ClusterName, ClusterView>;
  links: LinkLookup;
  policy(service: ServiceName): BalancePolicy;
  timeouts(service: ServiceName): RouteTimeouts;
}

export interface RoutingOptions {
  readonly federation: FederationName;
  readonly caller: Caller;
  readonly world: World;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * A route is made when a service is first asked for, and from then on updated by each change that touches it;
 * so a change costs what it touches, not what there is.
 */
export class Routing {
  readonly table: RouteTable;
  readonly #options: RoutingOptions;

  constructor(options: RoutingOptions) {
    this.#options = options;
    this.table = new RouteTable(options.federation, (service) => this.#make(service));
  }

  /** A service's endpoints or summaries changed. */
  serviceChanged(service: ServiceName): void {
    const route = this.table.get(service);
    if (!route) return;
    if (this.#exists(service)) this.#update(route);
    else {
      this.table.delete(service);
      route.balancer.close();
    }
  }

  /** Clusters or links changed, and with them what other clusters can serve. */
  clustersChanged(): void {
    for (const route of this.table) this.#update(route);
  }

  close(): void {
    for (const { balancer } of this.table) balancer.close();
  }

  #make(service: ServiceName): Route | undefined {
    if (!this.#exists(service)) return undefined;
    const { caller, world, clock, random } = this.#options;
    const balancer = createServiceBalancer({ service, caller, clock, random });
    const policy = world.policy(service);
    balancer.update(this.view(service), policy);
    return {
      retry: { ...defaultRetry, maxTries: policy.retry.maxTries },
      service,
      balancer,
      timeouts: world.timeouts(service),
      protocol: this.#protocol(service),
      exported: this.#exported(service),
    };
  }

  #update(route: Route): void {
    const { service, balancer } = route;
    balancer.update(this.view(service), this.#options.world.policy(service));
    const exported = this.#exported(service);
    const protocol = this.#protocol(service);
    if (route.exported !== exported || route.protocol !== protocol) {
      this.table.set({ ...route, exported, protocol });
    }
  }

  /** What this gateway's decisions on a service are made from. */
  view(service: ServiceName): BalanceView {
    const { caller, world } = this.#options;
    return viewFromHere(
      service,
      caller.cluster,
      world.endpoints(service),
      world.exports(service),
      world.clusters(),
      world.links,
    );
  }

  #exists(service: ServiceName): boolean {
    const { world } = this.#options;
    if (world.endpoints(service).length > 0) return true;
    const summaries = world.exports(service)?.values() ?? [];
    return [...summaries].some((summary) => summary.localities.length > 0);
  }

  /** Of the own endpoints where there are any, else of some cluster that exports it. */
  #protocol(service: ServiceName): Protocol | undefined {
    const { world } = this.#options;
    const [own] = world.endpoints(service);
    if (own !== undefined) return own.protocol;
    const [summary] = world.exports(service)?.values() ?? [];
    return summary?.protocol;
  }

  #exported(service: ServiceName): boolean {
    return this.#options.world.endpoints(service).some((endpoint) => endpoint.exported);
  }
}
