/** Owns the policy in force: of all policies, the one for a service, for the client that asks and the cluster that decides. */
import { isDeepStrictEqual } from 'node:util';
import { type ClusterName, type ServiceName, serviceParts } from '../core/names.ts';
import { wholeFederation } from '../registry/policy-keys.ts';
import type { Authentication } from './authentication.ts';
import type { Authorization } from './authorization.ts';
import type { Egress } from './egress.ts';
import type { RateLimit } from './rate-limit.ts';
import type { RouteSpec } from './route.ts';
import type { ServiceDefaults } from './service-defaults.ts';
import type { ServiceExport } from './service-export.ts';
import { defaultTraffic, type TrafficPolicy } from './traffic-policy.ts';

/** A service, the client that asks for it, and the cluster where its policy is asked. */
interface Asked {
  readonly service: ServiceName;
  /** The cluster whose clients ask. */
  readonly client: ClusterName;
  /** The cluster whose gateways decide. */
  readonly where: ClusterName;
}

/** For what a policy holds. An absent key stands for any. */
interface PolicyTarget extends Partial<Asked> {
  /** All services of a namespace. */
  readonly namespace?: string;
  /** In place of `service`: these and no others; none where it is not about services by their own names. */
  readonly services?: readonly ServiceName[];
}

/** What each kind says. A part that is left out is for less specific ones to say. */
interface Specs {
  readonly TrafficPolicy: Partial<TrafficPolicy>;
  readonly Route: RouteSpec;
  readonly ServiceDefaults: ServiceDefaults;
  readonly ServiceExport: ServiceExport;
  readonly RateLimit: RateLimit;
  readonly Authorization: Authorization;
  readonly Authentication: Authentication;
  readonly Egress: Egress;
}

/** A policy of one kind, and for what it holds; plain data, which can be handed to another thread. */
interface Resource<K extends keyof Specs> {
  readonly kind: K;
  /** Unique among all. */
  readonly name: string;
  readonly target: PolicyTarget;
  /** Whether it was written for the whole federation; else it is the own cluster's word, written or in a configuration. */
  readonly ofFederation?: true;
  readonly spec: Specs[K];
}

export type RateLimitPolicy = Resource<'RateLimit'>;

export type PolicyResource = { [K in keyof Specs]: Resource<K> }[keyof Specs];

/** Kinds that balancers, time limits and the control side go by; all others are for the steps of a request's way. */
const elsewhere: ReadonlySet<string> = new Set<PolicyResource['kind']>([
  'TrafficPolicy',
  'ServiceDefaults',
  'ServiceExport',
]);

/** Kinds of which all policies for a service hold together: none takes the place of another. */
const together: ReadonlySet<string> = new Set<PolicyResource['kind']>([
  'Authorization',
  'Authentication',
  'RateLimit',
  'Route',
]);

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
  readonly #exportNames = new Map<ClusterName, ReadonlyMap<ServiceName, ServiceName>>();
  /** Whether any says other things of the clients of one cluster than of others'. */
  readonly tellClientsApart: boolean;

  constructor(resources: Iterable<PolicyResource> = []) {
    const sorted = [...resources].sort(precedence);
    this.#resources = new Map(sorted.map((resource) => [resource.name, resource]));
    this.tellClientsApart = sorted.some(({ target }) => target.client !== undefined);
    this.#ofAny = sorted.filter(({ target }) => servicesIn(target) === undefined);
    for (const resource of sorted) {
      for (const service of servicesIn(resource.target) ?? []) {
        const list = this.#ofService.get(service);
        if (list) list.push(resource);
        else this.#ofService.set(service, [resource]);
      }
    }
  }

  [Symbol.iterator](): IterableIterator<PolicyResource> {
    return this.#resources.values();
  }

  /** The rate limit that a Route of a namespace means by a name: the own cluster's, else the federation's. */
  rateLimit(namespace: string, name: string): RateLimitPolicy | undefined {
    const place = `RateLimit/${namespace}/${name}`;
    const one = this.#resources.get(place) ?? this.#resources.get(`${wholeFederation}/${place}`);
    return one?.kind === 'RateLimit' ? one : undefined;
  }

  /**
   * Balancing and time limits are each those of the most specific policy that has them, whole: nothing of a less specific
   * one is mixed in.
   */
  traffic(asked: Asked): TrafficPolicy {
    let balance: TrafficPolicy['balance'] | undefined;
    let timeouts: TrafficPolicy['timeouts'] | undefined;
    for (const { spec } of this.holding('TrafficPolicy', asked)) {
      if (!balance && !timeouts && isWhole(spec)) return spec;
      balance ??= spec.balance;
      timeouts ??= spec.timeouts;
      if (balance && timeouts) break;
    }
    return paired(balance ?? defaultTraffic.balance, timeouts ?? defaultTraffic.timeouts);
  }

  /** The policy whose balancing holds; undefined where none says anything of it. */
  balancedBy(asked: Asked): PolicyResource | undefined {
    return this.holding('TrafficPolicy', asked).find(({ spec }) => spec.balance !== undefined);
  }

  /** What holds for endpoints of a service that were registered without saying it. */
  defaults(asked: Asked): ServiceDefaults {
    let defaults: ServiceDefaults = {};
    const outside = this.holding('Egress', asked).next().value;
    for (const { spec } of this.holding('ServiceDefaults', asked)) {
      defaults = { ...spec, ...defaults };
    }
    return outside === undefined ? defaults : { ...defaults, ...outside.spec.defaults };
  }

  /** Whether other clusters may use a service, and which; undefined where that is for its endpoints to say. */
  exporting(asked: Asked): ServiceExport | undefined {
    return this.holding('ServiceExport', asked).next().value?.spec;
  }

  /** The services that a cluster exports by other names, by these: of several by one name the first in order of their own. */
  exportNames(where: ClusterName): ReadonlyMap<ServiceName, ServiceName> {
    const known = this.#exportNames.get(where);
    if (known !== undefined) return known;
    const found = new Map<ServiceName, ServiceName>();
    for (const { kind, target } of this) {
      if (kind !== 'ServiceExport' || target.service === undefined) continue;
      const { service } = target;
      const as = this.exporting({ service, client: where, where })?.as;
      const before = as && found.get(as);
      if (as !== undefined && (before === undefined || service < before)) found.set(as, service);
    }
    this.#exportNames.set(where, found);
    return found;
  }

  /** The services that other hosts lead to at a cluster's gateways, by host, or by host and port: of several for one host the first in order of name. */
  aliases(where: ClusterName): ReadonlyMap<string, ServiceName> {
    const found = new Map<string, ServiceName>();
    for (const { kind, target } of this) {
      if ((kind !== 'ServiceDefaults' && kind !== 'Egress') || !target.service) continue;
      const { service } = target;
      for (const host of this.defaults({ service, client: where, where }).aliases ?? []) {
        const before = found.get(host);
        if (before === undefined || service < before) found.set(host, service);
      }
    }
    return found;
  }

  /**
   * All policies of a kind for what is asked, in the order in which they hold: the more specific first, and of those for the
   * same the own cluster's before the federation's.
   */
  *holding<K extends PolicyResource['kind']>(
    kind: K,
    asked: Asked,
  ): Generator<Resource<K>, undefined> {
    for (const one of this.#holding(asked)) {
      if (one.kind === kind) yield one as Resource<K>;
    }
  }

  /** All that the steps of a request's way go by, for what is asked, more specific ones first. */
  ofSteps(asked: Asked): readonly PolicyResource[] {
    return Array.from(this.#holding(asked)).filter(({ kind }) => !elsewhere.has(kind));
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

  /** The services for which something else may hold after `delta`, of what policies of `kind` say or of all; undefined: any. */
  touched(
    { set, removed }: PolicyDelta,
    kind?: PolicyResource['kind'],
  ): ReadonlySet<ServiceName> | undefined {
    const services = new Set<ServiceName>();
    const names = [...removed, ...set.map(({ name }) => name)];
    const before = names.map((name) => this.#resources.get(name));
    for (const resource of [...set, ...before]) {
      if (resource === undefined || (kind !== undefined && resource.kind !== kind)) continue;
      const its = servicesIn(resource.target);
      if (its === undefined) return undefined;
      for (const service of its) services.add(service);
    }
    return services;
  }

  /**
   * The policy that leaves nothing of the one of that name in force, being for the same and before it; undefined where some of
   * that holds.
   */
  overruling(name: string): PolicyResource | undefined {
    const one = this.#resources.get(name);
    if (one === undefined || together.has(one.kind)) return undefined;
    const { service } = one.target;
    const left = new Set(Object.keys(one.spec));
    for (const other of service === undefined
      ? this.#ofAny
      : (this.#ofService.get(service) ?? [])) {
      if (other === one) return undefined;
      if (other.kind !== one.kind || !isForAllOf(other.target, one)) continue;
      for (const part of Object.keys(other.spec)) left.delete(part);
      if (left.size === 0) return other;
    }
    return undefined;
  }

  /** The policies for what is asked, more specific ones first. */
  *#holding(asked: Asked): Generator<PolicyResource> {
    for (const one of this.#ofService.get(asked.service) ?? []) {
      if (isFor(one.target, asked)) yield one;
    }
    for (const one of this.#ofAny) if (isFor(one.target, asked)) yield one;
  }
}

/** What comes first holds: the more specific, else the own cluster's word, else the first in order of name. */
function precedence(a: PolicyResource, b: PolicyResource): number {
  return (
    specificity(b.target) - specificity(a.target) ||
    Number(a.ofFederation ?? false) - Number(b.ofFederation ?? false) ||
    (a.name < b.name ? -1 : 1)
  );
}

/** Whether a target has all that a policy is for, at the gateways of one cluster: a policy of the federation is one of many there. */
function isForAllOf(target: PolicyTarget, { target: own, ofFederation }: PolicyResource): boolean {
  if (!ofFederation) return isDeepStrictEqual(target, own);
  const { where: _, ...anywhere } = target;
  return isDeepStrictEqual(anywhere, own);
}

/** The services that a policy is for by name; undefined where it is for more. */
function servicesIn({ service, services }: PolicyTarget): readonly ServiceName[] | undefined {
  return services ?? (service === undefined ? undefined : [service]);
}

/** A service says more than its namespace, that more than who asks, and that more than where. */
function specificity({ service, services, namespace, client, where }: PolicyTarget): number {
  return (service || services ? 8 : 0) + (namespace ? 4 : 0) + (client ? 2 : 0) + (where ? 1 : 0);
}

function isFor(target: PolicyTarget, { service, client, where }: Asked): boolean {
  return (
    (servicesIn(target)?.includes(service) ?? true) &&
    (target.client ?? client) === client &&
    (target.where ?? where) === where &&
    (target.namespace === undefined || target.namespace === serviceParts(service).namespace)
  );
}

function isWhole(spec: Specs['TrafficPolicy']): spec is TrafficPolicy {
  return spec.balance !== undefined && spec.timeouts !== undefined;
}

/** What a balancing and time limits make together: the same two always the same object, for routes compare policies by it. */
const pairs = new WeakMap<TrafficPolicy['balance'], WeakMap<object, TrafficPolicy>>([
  [defaultTraffic.balance, new WeakMap([[defaultTraffic.timeouts, defaultTraffic]])],
]);

function paired(
  balance: TrafficPolicy['balance'],
  timeouts: TrafficPolicy['timeouts'],
): TrafficPolicy {
  const known = pairs.get(balance) ?? new WeakMap<object, TrafficPolicy>();
  pairs.set(balance, known);
  const policy = known.get(timeouts) ?? { balance, timeouts };
  known.set(timeouts, policy);
  return policy;
}
