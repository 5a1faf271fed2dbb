/** Owns the routes for requests of other clusters' clients, where a policy is for these alone: each has a balancer of its own. */
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import type { TrafficPolicy } from '../../../policy/traffic-policy.ts';
import type { Route } from '../request/route/route-table.ts';

interface ClientRoutesOptions {
  /** Whether any policy is for the clients of one cluster. */
  isNeeded(): boolean;
  /** The policy that holds here for requests of a cluster's clients. */
  policy(service: ServiceName, client: ClusterName): TrafficPolicy;
  /** Undefined when nobody has the service. */
  make(service: ServiceName, policy: TrafficPolicy): Route | undefined;
}

export class ClientRoutes {
  readonly #options: ClientRoutesOptions;
  /** By client; undefined for one that has the service's route, as all others do. */
  readonly #routes = new Map<ServiceName, Map<ClusterName, Route | undefined>>();

  constructor(options: ClientRoutesOptions) {
    this.#options = options;
  }

  /** The route for requests of `client`: `route`, unless another policy holds for them. */
  find(route: Route, client: ClusterName): Route {
    if (!this.#options.isNeeded()) return route;
    const known = this.#routes.get(route.service) ?? new Map<ClusterName, Route | undefined>();
    if (known.has(client)) return known.get(client) ?? route;
    const policy = this.#options.policy(route.service, client);
    const own = policy === route.policy ? undefined : this.#options.make(route.service, policy);
    known.set(client, own);
    this.#routes.set(route.service, known);
    return own ?? route;
  }

  /** A service, or its policies, changed: `update` brings a route up to date by the policy that holds for it now. */
  changed(route: Route, update: (own: Route, policy: TrafficPolicy) => Route): void {
    const known = this.#routes.get(route.service);
    for (const [client, own] of known ?? []) {
      const policy = this.#options.policy(route.service, client);
      if (own !== undefined && policy !== route.policy) known?.set(client, update(own, policy));
      else {
        own?.balancer.close();
        known?.delete(client);
      }
    }
  }

  /** The routes that clients of single clusters have to a service. */
  of(service: ServiceName): readonly Route[] {
    return [...(this.#routes.get(service)?.values() ?? [])].filter((route) => route !== undefined);
  }

  /** The service is no more. */
  drop(service: ServiceName): void {
    for (const own of this.#routes.get(service)?.values() ?? []) own?.balancer.close();
    this.#routes.delete(service);
  }

  close(): void {
    for (const service of [...this.#routes.keys()]) this.drop(service);
  }
}
