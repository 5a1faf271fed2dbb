/** Owns the policy in force: of all policies, the one for a service, for the client that asks and the cluster that decides. */
import { isDeepStrictEqual } from 'node:util';
import type { ClusterName, ServiceName } from '../core/names.ts';
import { defaultTraffic, type TrafficPolicy } from './traffic-policy.ts';

/** A service, the client that asks for it, and the cluster where its policy is asked. */
interface Asked {
  readonly service: ServiceName;
  /** The cluster whose clients ask. */
  readonly client: ClusterName;
  /** The cluster whose gateways decide. */
  readonly where: ClusterName;
}

/** One policy, and for what it holds; plain data, which can be handed to another thread. */
export interface PolicyResource {
  readonly kind: 'TrafficPolicy';
  /** Unique among all. */
  readonly name: string;
  /** An absent key stands for any. */
  readonly target: Partial<Asked>;
  readonly spec: TrafficPolicy;
}

/** The difference between two sets of policies. */
export interface PolicyDelta {
  readonly set: readonly PolicyResource[];
  /** Names. */
  readonly removed: readonly string[];
}

/** Never changed: a change makes another. What did not change stays the very same object. */
export class Policies {
  readonly #resources: ReadonlyMap<string, PolicyResource>;
  /** More specific ones first. */
  readonly #ofService = new Map<ServiceName, PolicyResource[]>();
  readonly #ofAny: readonly PolicyResource[];

  constructor(resources: Iterable<PolicyResource> = []) {
    const sorted = [...resources].sort(
      (a, b) => specificity(b) - specificity(a) || (a.name < b.name ? -1 : 1),
    );
    this.#resources = new Map(sorted.map((resource) => [resource.name, resource]));
    this.#ofAny = sorted.filter(({ target }) => target.service === undefined);
    for (const resource of sorted) {
      const { service } = resource.target;
      if (service === undefined) continue;
      const list = this.#ofService.get(service);
      if (list) list.push(resource);
      else this.#ofService.set(service, [resource]);
    }
  }

  [Symbol.iterator](): IterableIterator<PolicyResource> {
    return this.#resources.values();
  }

  /** The most specific policy that is for it, whole: nothing of a less specific one is mixed in. */
  traffic(asked: Asked): TrafficPolicy {
    const holds = (one: PolicyResource) => isFor(one, asked);
    const found = this.#ofService.get(asked.service)?.find(holds) ?? this.#ofAny.find(holds);
    return found?.spec ?? defaultTraffic;
  }

  /** The difference that makes this set out of `before`. */
  since(before: Policies): PolicyDelta {
    return {
      set: [...this].filter((one) => !isDeepStrictEqual(one, before.#resources.get(one.name))),
      removed: [...before.#resources.keys()].filter((name) => !this.#resources.has(name)),
    };
  }

  with({ set, removed }: PolicyDelta): Policies {
    const resources = new Map(this.#resources);
    for (const name of removed) resources.delete(name);
    for (const resource of set) resources.set(resource.name, resource);
    return new Policies(resources.values());
  }

  /** The services for which something else may hold after `delta`; undefined: any. */
  touched({ set, removed }: PolicyDelta): ReadonlySet<ServiceName> | undefined {
    const services = new Set<ServiceName>();
    const names = [...removed, ...set.map(({ name }) => name)];
    const before = names.map((name) => this.#resources.get(name));
    for (const resource of [...set, ...before]) {
      if (resource === undefined) continue;
      if (resource.target.service === undefined) return undefined;
      services.add(resource.target.service);
    }
    return services;
  }
}

/** A service says more than who asks for it, and that more than where. */
function specificity({ target }: PolicyResource): number {
  const { service, client, where } = target;
  return (service ? 4 : 0) + (client ? 2 : 0) + (where ? 1 : 0);
}

function isFor({ target }: PolicyResource, { service, client, where }: Asked): boolean {
  return (
    (target.service ?? service) === service &&
    (target.client ?? client) === client &&
    (target.where ?? where) === where
  );
}
