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

/** The token that a request brings; whatever else a client may have written there is none of any target. */
export function tokenIn({ head }: Exchange, policy: AffinityPolicy): string | undefined {
  return policy.by === 'cookie' ? cookieOf(head, policy.name) : head.fields.get(policy.name);
}

/**
 * Has the answer of `target` bind the client to who gave it, unless it is so already. Only the gateway that the client asked
 * does it; an answer that tells of a fault binds nobody.
 */
export function bind(
  exchange: Exchange,
  { balancer, policy }: Route,
  target: Target,
  { status, fields }: Pick<ResponseHead, 'status' | 'fields'>,
): void {
  const { affinity } = policy.balance;
  if (affinity === undefined || exchange.peer.kind !== 'client' || status >= 500) return;
  const token = balancer.tokenOf(target, fields.getById(endpointId));
  if (token === tokenIn(exchange, affinity)) return;
  exchange.passage ??= new Passage();
  exchange.passage.editResponse(
    FieldEdits.of(
      affinity.by === 'header'
        ? { set: [affinity.name, token] }
        : { add: ['set-cookie', cookieText(affinity, token, isSecure(exchange))] },
    ),
  );
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
