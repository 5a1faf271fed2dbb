/** Owns finding a request's route, and refusing one that would lead in a circle. */
import { IsthmusError } from '../../../core/errors.ts';
import { type FederationName, readAskedService } from '../../../core/names.ts';
import { hostIn } from '../../../core/uri-authority.ts';
import { isLoop, serviceId, subsetId, viaId } from '../message/headers.ts';
import type { Route, RouteLookup } from './route/route-table.ts';
import type { Step } from './step.ts';

interface RouteRules {
  readonly routes: RouteLookup;
  /** Whether a service that is not known is none. */
  isInformed(): boolean;
}

/** By the authority that clients name. */
export function byAuthority(rules: RouteRules): Step {
  return {
    slot: 'route',
    take: ({ head }) => routeOf(head.authority, head.path, rules),
  };
}

/** By the service that a gateway names, where the authority does not. */
export function byServiceField(federation: FederationName, rules: RouteRules): Step {
  return {
    slot: 'route',
    take({ peer, head }) {
      // Who is not authenticated is not told either what there is.
      if (peer.kind !== 'gateway') return undefined;
      const service = head.fields.getById(serviceId);
      const authority = service === undefined ? head.authority : `${service}.${federation}`;
      const { routes } = rules;
      const found = routes.findExported
        ? (routes.findExported(authority) ?? noPort(authority, head.path, federation, rules))
        : routeOf(authority, head.path, rules);
      if (found instanceof IsthmusError) return found;
      if (found === 'renamed') {
        const what = `${authority} is not exported by this cluster under that name`;
        return new IsthmusError('NOT_EXPORTED', { what });
      }
      const subset = head.fields.getById(subsetId);
      if (subset !== undefined) return partOf(found, subset, rules.routes);
      return rules.routes.forClient?.(found, peer.cluster) ?? found;
    },
  };
}

/** The part of a service that another gateway asks for. */
function partOf(
  { service, port }: Route,
  encoded: string,
  routes: RouteLookup,
): Route | IsthmusError {
  const subset = Object.fromEntries(new URLSearchParams(encoded));
  const part = routes.backend?.({ service, subset, ...(port !== undefined && { port }) });
  if (part !== undefined) return part;
  return new IsthmusError('NO_HEALTHY_ENDPOINT', {
    what: `No endpoint of ${service} is of ${encoded}`,
  });
}

/** A port that nobody has any more may be had elsewhere: the gateway that asks is to look on. */
function noPort(authority: string, path: string, federation: FederationName, rules: RouteRules) {
  const suffix = `.${federation}`;
  const host = hostIn(authority);
  const asked = host.endsWith(suffix) ? readAskedService(host.slice(0, -suffix.length)) : undefined;
  const isKnown =
    asked?.port !== undefined &&
    rules.routes.findExported?.(`${asked.service}${suffix}`) !== undefined;
  if (!isKnown) return noRoute(authority, path, rules);
  const what = `No endpoint of ${asked.service} has a port ${asked.port}`;
  return new IsthmusError('NO_HEALTHY_ENDPOINT', { what });
}

function routeOf(authority: string, path: string, rules: RouteRules): Route | IsthmusError {
  return rules.routes.find(authority, path) ?? noRoute(authority, path, rules);
}

function noRoute(authority: string, path: string, { routes, isInformed }: RouteRules) {
  const named = JSON.stringify(authority);
  if (!isInformed()) {
    const what = `Whether a service is called ${named} is not known here yet`;
    return new IsthmusError('NOT_READY', { what });
  }
  const ledTo = routes.ledTo?.(authority, path);
  if (ledTo === undefined) {
    return new IsthmusError('ROUTE_NOT_FOUND', { what: `No service is called ${named}` });
  }
  const what = `${named} leads to ${ledTo}, and nobody has such a service`;
  return new IsthmusError('NO_HEALTHY_ENDPOINT', { what });
}

/** `pseudonym`: our name in `Via`. */
export function noLoop(pseudonym: string): Step {
  return {
    slot: 'route',
    take({ head }, route) {
      const via = head.fields.allById(viaId);
      if (via.length === 0 || route === undefined || !isLoop(via, pseudonym, route.service)) {
        return undefined;
      }
      return new IsthmusError('LOOP_REFUSED', {
        what: `The request has passed ${pseudonym} before`,
      });
    },
  };
}
