/** Owns which service a request to an ingress is for: by its host, then by the longest path that fits. */
import { type FederationName, type ServiceName, serviceHost } from '../../core/names.ts';
import type { Route, RouteLookup } from '../proxy/route.ts';
import { HostTable } from './host-pattern.ts';

export interface IngressRoute {
  /** Exact, or by `*.`. */
  readonly host: string;
  /** Begins with `/`; it and everything below it. */
  readonly path: string;
  readonly service: ServiceName;
}

/** The host of an authority: without its port and one trailing dot, in lower case (RFC 9110 section 4.2.3). */
export function hostOf(authority: string): string {
  const colon = authority.indexOf(':');
  const host = colon < 0 ? authority : authority.slice(0, colon);
  return (host.endsWith('.') ? host.slice(0, -1) : host).toLowerCase();
}

/** Whether `path`, which may have a query behind it, is `prefix` or below it. */
export function isBelow(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  if (prefix.endsWith('/') || path.length === prefix.length) return true;
  const next = path[prefix.length];
  return next === '/' || next === '?';
}

/**
 * Whether a segment of the path is `.` or `..`, in whatever way it is written: who is asked would see another
 * path than the one that was routed by (RFC 3986 section 5.2.4).
 */
export function hasDotSegment(path: string): boolean {
  if (!path.includes('/.') && !path.includes('%2')) return false;
  const query = path.indexOf('?');
  return /\/(?:\.|%2e){1,2}(?:\/|$)/i.test(query < 0 ? path : path.slice(0, query));
}

interface PathRoute {
  readonly path: string;
  /** As the table of services is asked for it. */
  readonly authority: string;
}

export class IngressRoutes implements RouteLookup {
  readonly #hosts = new HostTable<PathRoute[]>();
  readonly #services: RouteLookup;
  readonly #serviceNames: boolean;

  /** `services` finds services by their own names, which clients may use too where `serviceNames` is true. */
  constructor(
    routes: readonly IngressRoute[],
    services: RouteLookup,
    federation: FederationName,
    serviceNames: boolean,
  ) {
    this.#services = services;
    this.#serviceNames = serviceNames;
    const lists = new Map<string, PathRoute[]>();
    for (const { host, path, service } of routes) {
      const list = lists.get(host) ?? [];
      list.push({ path, authority: serviceHost(service, federation) });
      lists.set(host, list);
    }
    for (const [host, list] of lists) {
      list.sort((a, b) => b.path.length - a.path.length);
      this.#hosts.add(host, list);
    }
  }

  find(authority: string, path: string): Route | undefined {
    const list = this.#hosts.find(hostOf(authority));
    if (list === undefined) {
      return this.#serviceNames ? this.#services.find(authority, path) : undefined;
    }
    for (const route of list) {
      if (isBelow(path, route.path)) return this.#services.find(route.authority, path);
    }
    return undefined;
  }
}
