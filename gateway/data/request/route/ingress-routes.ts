/** Owns which service a request to an ingress is for: by its host, then by the longest path that fits. */

import { type AskedName, type FederationName, serviceHost } from '../../../../core/names.ts';
import { hostIn } from '../../../../core/uri-authority.ts';
import { HostTable } from './host-pattern.ts';
import type { Route, RouteLookup } from './route-table.ts';

export interface IngressRoute {
  /** Exact, or by `*.`. */
  readonly host: string;
  /** A `normalPath`; it and everything below it. */
  readonly path: string;
  readonly service: AskedName;
}

/** Whether `path`, which may have a query behind it, is `prefix` or below it. */
export function isBelow(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  if (prefix.endsWith('/') || path.length === prefix.length) return true;
  const next = path[prefix.length];
  return next === '/' || next === '?';
}

interface PathRoute {
  readonly path: string;
  readonly service: AskedName;
  /** The service's name, as the route table is asked for it. */
  readonly authority: string;
}

/** The longest that the path is below; `routes` are in that order. OPTIONS of all that the host has asks for `*`. */
function routeIn(routes: readonly PathRoute[], path: string): PathRoute | undefined {
  const asked = path === '*' ? '/' : path;
  return routes.find((route) => isBelow(asked, route.path));
}

export class IngressRoutes implements RouteLookup {
  readonly #hosts = new HostTable<PathRoute[]>();
  readonly #services: RouteLookup;
  readonly #serviceNames: boolean;
  readonly #name: string;
  readonly #defaultService: AskedName | undefined;
  readonly #defaultAuthority: string | undefined;

  /**
   * `services` finds services by their own names, which clients may use too where `serviceNames` is true. What fits no route is for
   * `defaultService`, which goes by its own name in any case. `name`: the ingress's, as Routes name it.
   */
  constructor(
    routes: readonly IngressRoute[],
    services: RouteLookup,
    federation: FederationName,
    serviceNames: boolean,
    defaultService?: AskedName,
    name = 'ingress',
  ) {
    this.#name = name;
    this.#defaultService = defaultService;
    this.#defaultAuthority = defaultService && serviceHost(defaultService, federation);
    this.#services = services;
    this.#serviceNames = serviceNames;
    const lists = new Map<string, PathRoute[]>();
    for (const { host, path, service } of routes) {
      const list = lists.get(host) ?? [];
      list.push({ path, service, authority: serviceHost(service, federation) });
      lists.set(host, list);
    }
    for (const [host, list] of lists) {
      list.sort((a, b) => b.path.length - a.path.length);
      this.#hosts.add(host, list);
    }
  }

  find(authority: string, path: string): Route | undefined {
    const host = hostIn(authority);
    const list = this.#hosts.find(host);
    if (list === undefined && this.#serviceNames) {
      const own = this.#services.find(authority, path);
      // A host that Routes have may be theirs at another listener.
      if (own !== undefined && own.isHost !== true) return own;
    }
    const written = this.#services.ofHost?.(host, this.#name, false);
    if (written !== undefined) return written;
    const routed = list && routeIn(list, path)?.authority;
    if (routed !== undefined) return this.#services.find(routed, path);
    const rest = this.#services.ofHost?.(host, this.#name, true);
    const last = this.#defaultAuthority;
    return rest ?? (last === undefined ? undefined : this.#services.find(last, path));
  }

  ledTo(authority: string, path: string): AskedName | undefined {
    return (
      routeIn(this.#hosts.find(hostIn(authority)) ?? [], path)?.service ?? this.#defaultService
    );
  }
}
