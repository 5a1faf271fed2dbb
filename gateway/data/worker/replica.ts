/** Owns a worker's copy of what the control side knows: replaced piece by piece by its updates, only read by requests. */
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import {
  Policies,
  type PolicyDelta,
  type PolicyResource,
  type RateLimitPolicy,
} from '../../../policy/effective.ts';
import type { TrafficPolicy } from '../../../policy/traffic-policy.ts';
import type { ClusterFacts } from '../balance/view.ts';
import { governing } from '../request/route/governed.ts';
import { isRouteResource, type RouteResource } from '../request/route/rule-set.ts';
import type { ServiceFacts } from './facts.ts';
import type { DataEffects, Update } from './protocol.ts';
import { entriesOf, SheetEntry } from './sheet.ts';

export class Replica {
  /** Facts are read from their sheet when they are first asked for, and kept then. */
  readonly #services = new Map<ServiceName, SheetEntry | ServiceFacts>();
  #clusters: ReadonlyMap<ClusterName, ClusterFacts> = new Map();
  readonly #self: ClusterName;
  #policies = new Policies();
  #routes: readonly RouteResource[] = [];
  #aliases: ReadonlyMap<string, ServiceName> = new Map();
  #effects: DataEffects = { shifts: [], faults: [] };
  #isInformed = false;

  /** `self`: the cluster of this gateway. */
  constructor(self: ClusterName) {
    this.#self = self;
  }

  get clusters(): ReadonlyMap<ClusterName, ClusterFacts> {
    return this.#clusters;
  }

  /** Takes in what an update says. Returns the services for which something may be otherwise now; undefined: all. */
  take(update: Update): ReadonlySet<ServiceName> | undefined {
    const { services = [], isWhole, policies, clusters, effects, informed } = update;
    if (isWhole) this.#services.clear();
    if (effects) this.#effects = effects;
    if (clusters) this.#clusters = clusters;
    if (informed !== undefined) this.#isInformed = informed;
    const changed = new Set<ServiceName>();
    for (const sheet of services) {
      for (const [service, entry] of entriesOf(sheet)) {
        if (entry) this.#services.set(service, entry);
        else this.#services.delete(service);
        changed.add(service);
      }
    }
    const governed = policies ? this.#govern(policies, isWhole ?? false) : new Set<ServiceName>();
    return isWhole || governed === undefined ? undefined : changed.union(governed);
  }

  /** Undefined when nobody has the service. */
  facts(service: ServiceName): ServiceFacts | undefined {
    const held = this.#services.get(service);
    if (!(held instanceof SheetEntry)) return held;
    const facts = held.read();
    this.#services.set(service, facts);
    return facts;
  }

  /** Whether a service without facts is none. */
  get isInformed(): boolean {
    return this.#isInformed;
  }

  get effects(): DataEffects {
    return this.#effects;
  }

  /** The policy that holds for a service here, for requests of a cluster's clients; default this one's. */
  policy(service: ServiceName, client = this.#self): TrafficPolicy {
    return this.#policies.traffic({ service, client, where: this.#self });
  }

  /** The policies that are the steps' to go by, for requests for a service here, whoever's clients ask; more specific ones first. */
  governing(service: ServiceName): readonly PolicyResource[] {
    return governing(this.#policies, service, this.#self);
  }

  /** The only clusters whose gateways may ask for a service here; undefined: all. The same object while the policy is the same. */
  exportedTo(service: ServiceName): readonly ClusterName[] | undefined {
    return this.#policies.exporting({ service, client: this.#self, where: this.#self })?.to;
  }

  /** Whether other clusters know a service here by another name. */
  isRenamed(service: ServiceName): boolean {
    const asked = { service, client: this.#self, where: this.#self };
    return this.#policies.exporting(asked)?.as !== undefined;
  }

  /** The service that they know by a name which is not its own. */
  exportedAs(name: string): ServiceName | undefined {
    return this.#policies.exportNames(this.#self).get(name as ServiceName);
  }

  /** The service that a host which names none leads to. */
  ledTo(host: string): ServiceName | undefined {
    return this.#aliases.get(host);
  }

  /** The rate limit that rules of a namespace's Routes name so. */
  limit(namespace: string, name: string): RateLimitPolicy | undefined {
    return this.#policies.rateLimit(namespace, name);
  }

  get routes(): readonly RouteResource[] {
    return this.#routes;
  }

  /** Whether any policy is for the clients of one cluster: else all requests for a service go by the same. */
  get tellsClientsApart(): boolean {
    return this.#policies.tellClientsApart;
  }

  /** Returns the services for which something else may hold now; undefined: all. `isWhole`: there are no others. */
  #govern(delta: PolicyDelta, isWhole: boolean): ReadonlySet<ServiceName> | undefined {
    const before = this.#policies;
    this.#policies = isWhole ? new Policies(delta.set) : before.with(delta);
    this.#aliases = this.#policies.aliases(this.#self);
    this.#routes = [...this.#policies].filter(isRouteResource);
    return before.touched(delta);
  }
}
