/** Owns the routes of parts of services, as Routes name them: one cluster's endpoints, or those with some labels. Each has a balancer of its own. */
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import type { BackendTarget } from '../../../policy/route/rule.ts';
import type { ServiceBalancer } from '../balance/types.ts';
import type { ExportFacts } from '../balance/view.ts';
import type { Route } from '../request/route/route-table.ts';
import type { ServiceFacts } from './facts.ts';

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

/** The part of a service's facts that a target names. */
function narrowed(
  { endpoints, exports }: ServiceFacts,
  { cluster, subset }: BackendTarget,
  self: ClusterName,
): ServiceFacts {
  const labels = Object.entries(subset ?? {});
  const isHere = cluster === undefined || cluster === self;
  return {
    endpoints: endpoints.filter(
      (one) => isHere && labels.every(([label, value]) => one.labels?.[label] === value),
    ),
    exports: new Map(
      [...exports]
        .filter(([of]) => cluster === undefined || of === cluster)
        .flatMap(([of, summary]) => {
          const some = labels.length === 0 ? summary : labelled(summary, labels);
          return some === undefined ? [] : [[of, some] as const];
        }),
    ),
  };
}

/**
 * Of several labels at most as many endpoints have all as have the rarest. Where in the other cluster they are is not known, and
 * not needed: its gateway chooses.
 */
function labelled(
  summary: ExportFacts,
  labels: readonly (readonly [string, string])[],
): ExportFacts | undefined {
  const [place] = summary.localities;
  const counts = labels.map(([label, value]) => summary.labels?.[label]?.[value]);
  if (place === undefined || counts.some((one) => one === undefined)) return undefined;
  const least = (of: 'total' | 'healthy' | 'degraded') =>
    Math.min(...counts.map((one) => one?.[of] ?? 0));
  const some = { total: least('total'), healthy: least('healthy'), degraded: least('degraded') };
  return { ...summary, localities: [{ ...place, ...some }] };
}
