/** Owns whether a request is served at all, decided from its head alone. */
import { type ErrorCode, IsthmusError } from '../../core/errors.ts';
import type { Exchange } from './exchange.ts';
import { forbiddenConnectionToken, isLoop } from './headers.ts';
import { announcesTooMuch, bodyTooLarge } from './limit.ts';
import type { Route, RouteLookup } from './route.ts';

export interface AdmissionRules {
  readonly routes: RouteLookup;
  /** Our name in `Via`. */
  readonly pseudonym: string;
  readonly maxBodyBytes: number;
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
  if (peer.kind === 'stranger') return refused('PEER_REFUSED', `${peer.id} is not a gateway`);
  const token = forbiddenConnectionToken(head.connectionTokens);
  if (token !== undefined) {
    return refused('REQUEST_REFUSED', `The Connection field names ${JSON.stringify(token)}`);
  }
  const route = rules.routes.find(head.authority, head.path);
  if (route === undefined) {
    return refused('ROUTE_NOT_FOUND', `No service is called ${JSON.stringify(head.authority)}`);
  }
  const via = head.fields.all('via');
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
