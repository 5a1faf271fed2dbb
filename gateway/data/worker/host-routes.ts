/** Owns the routes of hosts that no service has and Routes do: made when a host is first asked for. */
import { parseServiceName, type ServiceName } from '../../../core/names.ts';
import { defaultTraffic } from '../../../policy/traffic-policy.ts';
import type { ServiceBalancer } from '../balance/types.ts';
import { HostRuleTable } from '../request/route/host-rules.ts';
import type { Route } from '../request/route/route-table.ts';
import type { RouteResource } from '../request/route/rule-set.ts';

interface HostRoutesOptions {
  routes(): readonly RouteResource[];
  /** A balancer that has nobody. */
  make(service: ServiceName): ServiceBalancer;
}

/** Most hosts remembered of a listener, with what they led to: clients name what they like. */
const mostHosts = 4096;

interface AtListener {
  readonly table: HostRuleTable;
  readonly found: Map<string, Route | undefined>;
}

export class HostRoutes {
  readonly #options: HostRoutesOptions;
  readonly #listeners = new Map<string, AtListener>();

  constructor(options: HostRoutesOptions) {
    this.#options = options;
  }

  /** Undefined where no Route has the host at that listener. `withAny`: those count that name no host. */
  find(host: string, listener: string, withAny: boolean): Route | undefined {
    const at = this.#listeners.getOrInsertComputed(listener, () => ({
      table: new HostRuleTable(this.#options.routes(), listener),
      found: new Map(),
    }));
    if (at.table.isEmpty) return undefined;
    const key = withAny ? host : `${host} `;
    if (at.found.has(key)) return at.found.get(key);
    const route = this.#make(at.table, host, withAny);
    if (at.found.size >= mostHosts) at.found.clear();
    at.found.set(key, route);
    return route;
  }

  /** Routes changed. */
  changed(): void {
    this.#listeners.clear();
  }

  #make(table: HostRuleTable, host: string, withAny: boolean): Route | undefined {
    const rules = table.find(host, withAny);
    if (rules === undefined) return undefined;
    const { name, namespace } = rules.route.spec;
    // What is answered here is counted under the name of the Route; whatever goes on is of the service that it goes to.
    const service = parseServiceName(`${name}.${namespace}`);
    return {
      service,
      balancer: this.#options.make(service),
      policy: defaultTraffic,
      exported: false,
      isHost: true,
      governed: { by: rules.routes, isOutside: false, rules },
    };
  }
}
