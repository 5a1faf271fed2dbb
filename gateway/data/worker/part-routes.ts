/** Owns the routes of parts of services, as Routes name them: one cluster's endpoints, or those with some labels. Each has a balancer of its own. */
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import type { BackendTarget } from '../../../policy/route/rule.ts';
import type { ServiceBalancer } from '../balance/types.ts';
import type { Route } from '../request/route/route-table.ts';
import type { ServiceFacts } from './facts.ts';
import { narrowed } from './service-part.ts';

interface PartRoutesOptions {
  /** The route of the whole service; undefined where nobody has it. */
  whole(service: ServiceName): Route | undefined;
  make(service: ServiceName): ServiceBalancer;
  /** Brings a balancer up to date with what `narrow` leaves of a service. */
  update(
    balancer: ServiceBalancer,
    whole: Route,
    narrow: (facts: ServiceFacts) => ServiceFacts,
  ): void;
}

interface Part {
  readonly target: BackendTarget;
  readonly balancer: ServiceBalancer;
  /** The route that `route` was made of. */
  whole: Route;
  route: Route;
}

/** Most parts at a time: other gateways may ask for any. */
const mostParts = 1024;

export class PartRoutes {
  readonly #options: PartRoutesOptions;
  readonly #self: ClusterName;
  readonly #parts = new Map<string, Part>();
  /** In front of `#parts`: a rule asks with the same object each time. */
  #asked = new WeakMap<BackendTarget, Part>();

  constructor(self: ClusterName, options: PartRoutesOptions) {
    this.#self = self;
    this.#options = options;
  }

  find(target: BackendTarget): Route | undefined {
    const whole = this.#options.whole(target.service);
    if (whole === undefined) return undefined;
    const part = this.#asked.get(target) ?? this.#part(target, whole);
    if (part.whole !== whole) {
      part.whole = whole;
      part.route = routeOf(part, whole);
    }
    return part.route;
  }

  /** A service, its policy or its clusters changed. */
  changed(service: ServiceName): void {
    for (const part of this.#parts.values())
      if (part.target.service === service) this.#update(part);
  }

  /** The balancers of a service's parts. */
  of(service: ServiceName): readonly ServiceBalancer[] {
    return [...this.#parts.values()].flatMap(({ target, balancer }) =>
      target.service === service ? [balancer] : [],
    );
  }

  /** Parts that no rule names any more are forgotten, and made again by whoever asks. */
  keep(named: readonly BackendTarget[]): void {
    const keys = new Set(named.map(keyOf));
    this.#asked = new WeakMap();
    for (const [key, { balancer }] of this.#parts) {
      if (keys.has(key)) continue;
      balancer.close();
      this.#parts.delete(key);
    }
  }

  close(): void {
    for (const { balancer } of this.#parts.values()) balancer.close();
  }

  #part(target: BackendTarget, whole: Route): Part {
    const key = keyOf(target);
    let part = this.#parts.get(key);
    if (part === undefined) {
      if (this.#parts.size >= mostParts) this.keep([]);
      const balancer = this.#options.make(target.service);
      part = { target, balancer, whole, route: routeOf({ target, balancer }, whole) };
      this.#parts.set(key, part);
      this.#update(part);
    }
    this.#asked.set(target, part);
    return part;
  }

  #update({ target, balancer, whole }: Part): void {
    const current = this.#options.whole(target.service) ?? whole;
    this.#options.update(balancer, current, (facts) => narrowed(facts, target, this.#self));
  }
}

function routeOf({ target, balancer }: Pick<Part, 'target' | 'balancer'>, whole: Route): Route {
  const { subset } = target;
  return { ...whole, balancer, ...(subset && { subset: encoded(subset) }) };
}

function keyOf({ service, cluster, subset = {} }: BackendTarget): string {
  return `${service} ${cluster ?? ''} ${encoded(subset)}`;
}

/** The same labels always make the same text. */
function encoded(subset: NonNullable<BackendTarget['subset']>): string {
  const params = new URLSearchParams(subset);
  params.sort();
  return params.toString();
}
