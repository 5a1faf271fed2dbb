/** Owns what a request received over HTTP/1.1 asks of the gateway: a resource, an upgrade, or a tunnel. */
import type { Framing } from '../wire/http1/framing.ts';
import { isToken } from '../wire/http1/grammar.ts';
import type { RequestHead as ReceivedHead } from '../wire/http1/request-head.ts';
import type { BodyLength, RequestHead, Tunnel } from './message.ts';
import type { Unreadable } from './unreadable.ts';

export type ReceivedRequest =
  | { readonly kind: 'request'; readonly head: RequestHead }
  | { readonly kind: 'refused'; readonly why: Unreadable };

function refused(what: string): ReceivedRequest {
  return { kind: 'refused', why: { status: 400, what } };
}

const tcpTunnel: Tunnel = { kind: 'tcp' };

/** An authority in the target replaces the Host field (RFC 9112 section 3.2.2). */
export function requestOf(received: ReceivedHead, scheme: 'http' | 'https'): ReceivedRequest {
  const { target, host } = received;
  switch (target.form) {
    case 'authority':
      return request(received, scheme, target.authority, '', tcpTunnel);
    case 'asterisk':
      return refused('The request target * is no path');
    case 'absolute':
      if (target.scheme !== scheme) {
        return refused(`The scheme of the request target is ${target.scheme}, not ${scheme}`);
      }
      if (target.path === '*') return refused('The request target has no path');
      return request(received, scheme, target.authority, target.path, upgradeOf(received));
    case 'origin':
      if (host === undefined) return refused('The request has no Host field');
      return request(received, scheme, host, target.path, upgradeOf(received));
  }
}

function request(
  { method, protocol, fields, framing, connectionTokens }: ReceivedHead,
  scheme: 'http' | 'https',
  authority: string,
  path: string,
  tunnel: Tunnel | undefined,
): ReceivedRequest {
  return {
    kind: 'request',
    head: {
      method,
      protocol,
      scheme,
      authority,
      path,
      fields,
      bodyLength: tunnel === undefined ? bodyLengthOf(framing) : 'unknown',
      connectionTokens:
        connectionTokens.length === 0
          ? connectionTokens
          : connectionTokens.filter((token) => token !== 'upgrade'),
      tunnel,
      passed: null,
    },
  };
}

function bodyLengthOf(framing: Framing): BodyLength {
  if (framing.kind === 'none') return 'none';
  if (framing.kind !== 'length') return 'unknown';
  return framing.bytes === 0 ? 'none' : framing.bytes;
}

/** Whoever speaks these over the tunnel speaks HTTP past the gateway: such an offer may be ignored, and is. */
const httpItself = /^(?:h2c?|https?|tls)$/i;

/** One protocol, asked for without content: what can be offered to an endpoint as it stands. */
function upgradeOf({ upgrade, method, framing }: ReceivedHead): Tunnel | undefined {
  if (upgrade === undefined || method !== 'GET' || framing.kind !== 'none') return undefined;
  if (!isToken(upgrade) || httpItself.test(upgrade)) return undefined;
  return { kind: 'upgrade', protocol: upgrade };
}
