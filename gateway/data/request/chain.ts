/** Owns the way of a request's head through a listener: the steps that can apply there, in the order of `life`, and no others. */
import { IsthmusError } from '../../../core/errors.ts';
import type { FederationName } from '../../../core/names.ts';
import type { Exchange } from '../message/exchange.ts';
import { gatewaysOnly } from './authenticate.ts';
import { exportedOnly } from './authorize.ts';
import { announcedBody, type ProxyLimits } from './limit.ts';
import { connectionField } from './normalize.ts';
import { noConnect, overload } from './receive.ts';
import { certificateHosts } from './route/certificate-hosts.ts';
import type { Route, RouteLookup } from './route/route-table.ts';
import { byAuthority, byServiceField, noLoop } from './route.ts';
import type { Step } from './step.ts';

/** The kind of listener that requests come in by, and what the steps need to know of it. */
export type Entrance =
  | { readonly kind: 'outbound' }
  /** Whole connections: a TCP listener, and what an ingress passes on as it is. */
  | { readonly kind: 'tcp' }
  /** TLS of clients ends here. */
  | {
      readonly kind: 'ingress';
      readonly routes: RouteLookup;
      /** Names that the connection's certificate is for. */
      readonly hosts: readonly string[];
      /** Whether the TLS of a name does not end here. */
      isPassed(host: string): boolean;
      /** The host of requests that name none. */
      readonly defaultAuthority: string | undefined;
    }
  /** Other clusters' gateways. */
  | { readonly kind: 'east-west' };

export interface ChainRules {
  readonly routes: RouteLookup;
  readonly federation: FederationName;
  /** Our name in `Via`. */
  readonly pseudonym: string;
  readonly limits: Pick<ProxyLimits, 'maxBodyBytes'>;
  /** Whether new requests are to be refused; absent: never. */
  readonly isOverloaded: (() => boolean) | undefined;
  /** Whether a service that is not known is none. */
  isInformed(): boolean;
}

/** Why a request is not served; `route` where it was found. */
export interface Refused {
  readonly kind: 'refused';
  readonly error: IsthmusError;
  readonly route: Route | undefined;
}

/** The chain of a listener: made with it, and anew when limits change; requests only walk through it. */
export function chainFor(entrance: Entrance, rules: ChainRules): readonly Step[] {
  const shed = rules.isOverloaded && overload(rules.isOverloaded);
  return stepsFor(entrance, rules, shed).filter((step) => step !== undefined);
}

function stepsFor(
  entrance: Entrance,
  rules: ChainRules,
  shed: Step | undefined,
): readonly (Step | undefined)[] {
  const body = announcedBody(rules.limits.maxBodyBytes);
  const loop = noLoop(rules.pseudonym);
  switch (entrance.kind) {
    case 'outbound':
      return [shed, connectionField, byAuthority(rules), loop, body];
    case 'tcp':
      return [shed, byAuthority(rules)];
    case 'ingress': {
      const { routes, hosts, isPassed, defaultAuthority } = entrance;
      const misdirected = certificateHosts(hosts, isPassed, defaultAuthority);
      const found = byAuthority({ ...rules, routes });
      return [shed, noConnect, connectionField, misdirected, found, loop, body];
    }
    case 'east-west': {
      const found = byServiceField(rules.federation, rules);
      return [shed, connectionField, found, loop, gatewaysOnly, exportedOnly, body];
    }
  }
}

/** Walks a request through. Allocates nothing where it passes. */
export function walk(chain: readonly Step[], exchange: Exchange): Route | Refused {
  let route: Route | undefined;
  for (const step of chain) {
    const said = step.take(exchange, route);
    if (said === undefined) continue;
    if (said instanceof IsthmusError) return { kind: 'refused', error: said, route };
    route = said;
  }
  if (route === undefined) throw new Error('no step of the chain has found a route');
  return route;
}

export function isRefused(walked: Route | Refused): walked is Refused {
  return 'kind' in walked;
}
