/** Owns whether a request is served at all, decided from its head alone. */
import { type ErrorCode, IsthmusError } from '../../core/errors.ts';
import type { FederationName } from '../../core/names.ts';
import type { Exchange } from './exchange.ts';
import { forbiddenConnectionToken, isLoop, serviceId, viaId } from './headers.ts';
import { announcesTooMuch, bodyTooLarge } from './limit.ts';
import type { Route, RouteLookup } from './route.ts';

export interface AdmissionRules {
  readonly routes: RouteLookup;
  readonly federation: FederationName;
  /** Our name in `Via`. */
  readonly pseudonym: string;
  readonly maxBodyBytes: number;
  /** Whether new requests are to be refused. */
  isOverloaded(): boolean;
}

/** Why it is not served; `route` where it was found. */
export interface Refused {
  readonly kind: 'refused';
  readonly error: IsthmusError;
  readonly route: Route | undefined;
}

function refused(code: ErrorCode, what: string, route?: Route): Refused {
  return { kind: 'refused', error: new IsthmusError(code, { what }), route };
}

export function admit({ peer, head }: Exchange, rules: AdmissionRules): Route | Refused {
  // First of all: what is refused here costs least.
  if (rules.isOverloaded()) {
    return refused('OVERLOADED', 'The gateway has more to do than it can');
  }
  if (peer.kind === 'stranger') return refused('PEER_REFUSED', `${peer.id} is not a gateway`);
  const token = forbiddenConnectionToken(head.connectionTokens);
  if (token !== undefined) {
    return refused('REQUEST_REFUSED', `The Connection field names ${JSON.stringify(token)}`);
  }
  const service = peer.kind === 'gateway' ? head.fields.getById(serviceId) : undefined;
  const authority = service === undefined ? head.authority : `${service}.${rules.federation}`;
  const route = rules.routes.find(authority, head.path);
  if (route === undefined) {
    return refused('ROUTE_NOT_FOUND', `No service is called ${JSON.stringify(authority)}`);
  }
  const via = head.fields.allById(viaId);
  if (via.length > 0 && isLoop(via, rules.pseudonym, route.service)) {
    return refused('LOOP_REFUSED', `The request has passed ${rules.pseudonym} before`, route);
  }
  if (peer.kind === 'gateway' && !route.exported) {
    return refused('NOT_EXPORTED', `${route.service} is not exported by this cluster`, route);
  }
  if (announcesTooMuch(head, rules.maxBodyBytes)) {
    return { kind: 'refused', error: bodyTooLarge(rules.maxBodyBytes), route };
  }
  return route;
}

export function isRefused(admission: Route | Refused): admission is Refused {
  return 'kind' in admission;
}
