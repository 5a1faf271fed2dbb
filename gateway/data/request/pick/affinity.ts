/** Owns the tokens that requests bring and answers give: by them a client comes back to the endpoint that answered it. */
import type { AffinityPolicy } from '../../../../policy/traffic/affinity.ts';
import type { Target } from '../../balance/types.ts';
import { originOf } from '../../message/client-origin.ts';
import type { Exchange } from '../../message/exchange.ts';
import { FieldEdits } from '../../message/field-edits.ts';
import { endpointId } from '../../message/headers.ts';
import type { ResponseHead } from '../../message/message.ts';
import { Passage } from '../../message/passage.ts';
import type { Route } from '../route/route-table.ts';
import { cookieOf } from './hash-key.ts';
import { newSession, noBackend, sessionValue } from './session.ts';

/** The token that a request brings; whatever else a client may have written there is none of any target. */
export function tokenIn(exchange: Exchange, policy: AffinityPolicy): string | undefined {
  return policy.session ? exchange.passage?.session?.token : broughtIn(exchange, policy);
}

/** What a request brings in the place of a token. */
export function broughtIn({ head }: Exchange, policy: AffinityPolicy): string | undefined {
  return policy.by === 'cookie' ? cookieOf(head, policy.name) : head.fields.get(policy.name);
}

/**
 * Has the answer of `target` bind the client to who gave it, unless it is so already. Only the gateway that the client asked
 * does it; an answer that tells of a fault binds nobody. `now`: wall milliseconds.
 */
export function bind(
  exchange: Exchange,
  { balancer, policy }: Route,
  target: Target,
  { status, fields }: Pick<ResponseHead, 'status' | 'fields'>,
  now: () => number,
): void {
  const { affinity } = policy.balance;
  if (affinity === undefined || exchange.peer.kind !== 'client' || status >= 500) return;
  const token = balancer.tokenOf(target, fields.getById(endpointId));
  const said = affinity.session ? saidAnew(exchange, affinity.session, token, now()) : token;
  if (said === broughtIn(exchange, affinity)) return;
  exchange.passage ??= new Passage();
  exchange.passage.editResponse(
    FieldEdits.of(
      affinity.by === 'header'
        ? { set: [affinity.name, said] }
        : { add: ['set-cookie', cookieText(affinity, said, isSecure(exchange))] },
    ),
  );
}

/** A rule's session with the endpoint of that token, used now: the one that the client brought, unless another endpoint has answered. */
function saidAnew(
  { passage }: Exchange,
  { idleMs }: NonNullable<AffinityPolicy['session']>,
  token: string,
  now: number,
): string {
  const session = passage?.session;
  const fresh = newSession(session?.backend ?? noBackend, now);
  if (session?.token !== token) return sessionValue(fresh, token);
  return sessionValue({ ...session, used: idleMs > 0 ? fresh.used : session.used }, token);
}

/** RFC 6265bis: no script reads it, and no other site has it sent with its forms. */
function cookieText(
  { name, ttlMs, path }: AffinityPolicy & { by: 'cookie' },
  token: string,
  secure: boolean,
): string {
  const age = ttlMs === 0 ? '' : `; Max-Age=${Math.max(1, Math.round(ttlMs / 1000))}`;
  return `${name}=${token}; Path=${path}${age}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}

/** Whether the client asked over https: it may have asked a proxy before this gateway. */
function isSecure({ head, peer }: Exchange): boolean {
  if (peer.kind !== 'client' || peer.proxies === undefined) return head.scheme === 'https';
  return originOf(head, peer, peer.proxies).proto === 'https';
}
