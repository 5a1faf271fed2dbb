/** Owns the routes of parts of services: one cluster's endpoints, those with some labels, or a port that has a name. Each has a balancer of its own. */
import { askedName, type ClusterName, type ServiceName } from '../../../core/names.ts';
import type { BackendTarget } from '../../../policy/route/rule.ts';
import type { ServiceBalancer } from '../balance/types.ts';
import type { PartTarget } from '../request/route/ports.ts';
import type { Route } from '../request/route/route-table.ts';
import type { ServiceFacts } from './facts.ts';
import { narrowed } from './service-part.ts';

interface PartRoutesOptions {
  /** The route of the whole service, for requests of that cluster's clients where one is named; undefined where nobody has it. */
  whole(service: ServiceName, client: ClusterName | undefined): Route | undefined;
  make(service: ServiceName): ServiceBalancer;
  /** Brings a balancer up to date with what `narrow` leaves of a service. */
  update(
    balancer: ServiceBalancer,
    whole: Route,
    narrow: (facts: ServiceFacts) => ServiceFacts,
  ): void;
  /** Parts are no more: whoever holds the route of one asks anew. */
  dropped(): void;
}

interface Part {
  readonly target: PartTarget;
  readonly client: ClusterName | undefined;
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
  #asked = new WeakMap<PartTarget, Part>();

  constructor(self: ClusterName, options: PartRoutesOptions) {
    this.#self = self;
    this.#options = options;
  }

  find(target: PartTarget): Route | undefined {
    const whole = this.#options.whole(target.service, undefined);
    if (whole === undefined) return undefined;
    let part = this.#asked.get(target);
    if (part === undefined) {
      part = this.#part(target, undefined, whole);
      this.#asked.set(target, part);
    }
    return routeNow(part, whole);
  }

  /** The balancer of a part that was asked for. */
  known(target: PartTarget): ServiceBalancer | undefined {
    return this.#parts.get(keyOf(target))?.balancer;
  }

  /** The route of a part in place of `route`, which all have, for requests of another cluster's clients. */
  forClient(route: Route, target: PartTarget, client: ClusterName): Route {
    const { service } = target;
    const whole = this.#options.whole(service, client);
    if (whole === undefined || whole === this.#options.whole(service, undefined)) return route;
    return routeNow(this.#part(target, client, whole), whole);
  }

  /** A service, its policy or its clusters changed. */
  changed(service: ServiceName): void {
    for (const part of this.#parts.values())
      if (part.target.service === service) this.#update(part);
  }

  /** The balancers of a service's parts that are asked where its checks are: a named port is another. */
  checked(service: ServiceName): readonly ServiceBalancer[] {
    return [...this.#parts.values()].flatMap(({ target, balancer }) =>
      target.service === service && target.port === undefined ? [balancer] : [],
    );
  }

  /** Parts that no rule names any more are forgotten, and made again by whoever asks. Ports stay: clients name them. */
  keep(named: readonly BackendTarget[]): void {
    const keys = new Set(named.map(({ port: _, ...rest }) => keyOf(rest)));
    this.#drop(({ target: { port, ...rest }, client }) => {
      if (client !== undefined) return true;
      const isPortAlone = rest.cluster === undefined && rest.subset === undefined;
      const isKept = isPortAlone ? this.#hasPort(rest.service, port) : keys.has(keyOf(rest));
      return !isKept;
    });
  }

  /** Nobody has the service any more. */
  drop(service: ServiceName): void {
    this.#drop(({ target }) => target.service === service);
  }

  close(): void {
    for (const { balancer } of this.#parts.values()) balancer.close();
  }

  #hasPort(service: ServiceName, port: string | undefined): boolean {
    const ports = this.#options.whole(service, undefined)?.ports;
    return port !== undefined && ports?.has(port) === true;
  }

  #drop(isDropped: (part: Part) => boolean): void {
    const before = this.#parts.size;
    for (const [key, part] of this.#parts) {
      if (!isDropped(part)) continue;
      part.balancer.close();
      this.#parts.delete(key);
    }
    if (this.#parts.size === before) return;
    this.#asked = new WeakMap();
    this.#options.dropped();
  }

  #part(target: PartTarget, client: ClusterName | undefined, whole: Route): Part {
    const key = client === undefined ? keyOf(target) : `${keyOf(target)} ${client}`;
    const known = this.#parts.get(key);
    if (known !== undefined) return known;
    if (this.#parts.size >= mostParts) this.#drop(() => true);
    const balancer = this.#options.make(target.service);
    const part = { target, client, balancer, whole, route: routeOf({ target, balancer }, whole) };
    this.#parts.set(key, part);
    this.#update(part);
    return part;
  }

  #update({ target, client, balancer, whole }: Part): void {
    const current = this.#options.whole(target.service, client) ?? whole;
    this.#options.update(balancer, current, (facts) => narrowed(facts, target, this.#self));
  }
}

function routeNow(part: Part, whole: Route): Route {
  if (part.whole !== whole) {
    part.whole = whole;
    part.route = routeOf(part, whole);
  }
  return part.route;
}

function routeOf({ target, balancer }: Pick<Part, 'target' | 'balancer'>, whole: Route): Route {
  const { port, subset } = target;
  const protocol = port === undefined ? whole.protocol : whole.ports?.get(port)?.protocol;
  return {
    ...{ ...whole, balancer, protocol },
    ...(subset && { subset: encoded(subset) }),
    ...(port !== undefined && { port, named: askedName({ service: whole.service, port }) }),
  };
}

function keyOf({ service, cluster, subset = {}, port = '' }: PartTarget): string {
  return `${service} ${cluster ?? ''} ${encoded(subset)} ${port}`;
}

/** The same labels always make the same text. */
function encoded(subset: NonNullable<PartTarget['subset']>): string {
  const params = new URLSearchParams(subset);
  params.sort();
  return params.toString();
}
