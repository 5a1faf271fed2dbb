/** Owns the routes in use: a balancer for each service that is asked for, kept current as the world changes. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock, Random } from '../../../core/clock.ts';
import type { ClusterName, FederationName, ServiceName } from '../../../core/names.ts';
import type { Protocol } from '../../../registry/model.ts';
import { createServiceBalancer } from '../../balance/balancer.ts';
import { type Shift, steeringOf } from '../../balance/steering.ts';
import type { BalancePolicy, BalanceView, Caller } from '../../balance/types.ts';
import { type ClusterFacts, type LinkLookup, viewFromHere } from '../../balance/view.ts';
import { defaultRetry, type RouteRetry } from '../../proxy/retry.ts';
import { type Route, RouteTable } from '../../proxy/route.ts';
import type { ServiceFacts } from '../facts.ts';
import type { ServiceSettings } from '../protocol.ts';

/** Everything a route is made from, looked up when it is needed. */
export interface RoutedWorld {
  /** Undefined when nobody has the service. */
  facts(service: ServiceName): ServiceFacts | undefined;
  clusters(): ReadonlyMap<ClusterName, ClusterFacts>;
  links: LinkLookup;
  settings(service: ServiceName): ServiceSettings;
  /** Load that is moved on purpose. */
  shifts(): readonly Shift[];
}

export interface RoutingOptions {
  readonly federation: FederationName;
  readonly caller: Caller;
  readonly world: RoutedWorld;
  readonly clock: Clock;
  readonly random: Random;
  /** Told of each service that is asked for and was not before. */
  onUsed(service: ServiceName): void;
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
    this.table = new RouteTable(options.federation, (service) => {
      const route = this.#make(service);
      if (route) options.onUsed(service);
      return route;
    });
  }

  /** Has a route from now on for a service that another worker was asked for. */
  follow(service: ServiceName): void {
    if (this.table.get(service)) return;
    const route = this.#make(service);
    if (route) this.table.set(route);
  }

  /** A service's endpoints or summaries changed. */
  serviceChanged(service: ServiceName): void {
    const route = this.table.get(service);
    if (!route) return;
    const facts = this.#options.world.facts(service);
    if (facts) this.#update(route, facts);
    else {
      this.table.delete(service);
      route.balancer.close();
    }
  }

  /** Load is moved on purpose otherwise than by `before`: a ramp says so often, and mostly of few services. */
  steeredAnew(before: readonly Shift[]): void {
    const after = this.#options.world.shifts();
    for (const { service } of this.table) {
      const isSame = isDeepStrictEqual(steeringOf(before, service), steeringOf(after, service));
      if (!isSame) this.serviceChanged(service);
    }
  }

  /** Clusters, links or settings changed, and with them what other clusters can serve, or how. */
  everythingChanged(): void {
    for (const { service } of this.table) this.serviceChanged(service);
  }

  close(): void {
    for (const { balancer } of this.table) balancer.close();
  }

  #make(service: ServiceName): Route | undefined {
    const { caller, world, clock, random } = this.#options;
    const facts = world.facts(service);
    if (!facts) return undefined;
    const { policy, timeouts } = world.settings(service);
    const balancer = createServiceBalancer({ service, caller, clock, random });
    balancer.update(this.#view(service, facts), policy);
    return {
      service,
      balancer,
      timeouts,
      retry: retryOf(policy),
      protocol: protocolOf(facts),
      exported: isExported(facts),
    };
  }

  #update(route: Route, facts: ServiceFacts): void {
    const { service, balancer } = route;
    const { policy, timeouts } = this.#options.world.settings(service);
    balancer.update(this.#view(service, facts), policy);
    const exported = isExported(facts);
    const protocol = protocolOf(facts);
    const retry = retryOf(policy);
    const isSame =
      route.exported === exported &&
      route.protocol === protocol &&
      route.timeouts === timeouts &&
      route.retry?.maxTries === retry.maxTries;
    if (!isSame) this.table.set({ ...route, exported, protocol, timeouts, retry });
  }

  /** What this gateway's decisions on a service are made from. */
  #view(service: ServiceName, { endpoints, exports }: ServiceFacts): BalanceView {
    const { caller, world } = this.#options;
    const clusters = world.clusters();
    const view = viewFromHere(service, caller.cluster, endpoints, exports, clusters, world.links);
    return { ...view, steering: steeringOf(world.shifts(), service) };
  }
}

/** Of the own endpoints where there are any, else of some cluster that exports it. */
function protocolOf({ endpoints, exports }: ServiceFacts): Protocol | undefined {
  const [own] = endpoints;
  if (own !== undefined) return own.protocol;
  const [summary] = exports.values();
  return summary?.protocol;
}

function isExported({ endpoints }: ServiceFacts): boolean {
  return endpoints.some(({ exported }) => exported);
}

function retryOf({ retry }: BalancePolicy): RouteRetry {
  return { ...defaultRetry, maxTries: retry.maxTries };
}
