/** Owns what a received request asks of the gateway: its target in origin or absolute form, its fields as a list. */
import type { RequestHead as ReceivedHead } from '../wire/http1/request-head.ts';
import type { RequestHead } from './message.ts';
import { connectRefused, type Unreadable } from './unreadable.ts';

export type ReceivedRequest =
  | { readonly kind: 'request'; readonly head: RequestHead }
  | { readonly kind: 'refused'; readonly why: Unreadable };

function refused(what: string): ReceivedRequest {
  return { kind: 'refused', why: { status: 400, what } };
}

/** An authority in the target replaces the Host field (RFC 9112 section 3.2.2). */
export function requestOf({
  method,
  protocol,
  target,
  host,
  fields,
}: ReceivedHead): ReceivedRequest {
  if (target.form === 'authority') return { kind: 'refused', why: connectRefused };
  if (target.form === 'asterisk') return refused('The request target * is no path');
  if (target.form === 'absolute' && target.scheme !== 'http') {
    return refused(`The scheme of the request target is ${target.scheme}, not http`);
  }
  if (target.path === '*') return refused('The request target has no path');
  const authority = target.form === 'absolute' ? target.authority : host;
  if (authority === undefined) return refused('The request has no Host field');
  const list: string[] = [];
  for (let i = 0; i < fields.size; i++) {
    const name = fields.name(i);
    if (name !== 'host') list.push(name, fields.value(i));
  }
  return {
    kind: 'request',
    head: { method, protocol, authority, path: target.path, fields: list },
  };
}
