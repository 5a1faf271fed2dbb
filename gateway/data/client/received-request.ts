/** Owns what a request received over HTTP/1.1 asks of the gateway: a resource, an upgrade, or a tunnel. */

import type { BodyLength, RequestHead, Tunnel } from '../message/message.ts';
import { type EncodedSlashes, normalPath } from '../request/normalize.ts';
import { type Unreadable, unclearPath } from '../request/respond/unreadable.ts';
import type { Framing } from '../wire/http1/framing.ts';
import { isToken } from '../wire/http1/grammar.ts';
import type { RequestHead as ReceivedHead } from '../wire/http1/request-head.ts';

export type ReceivedRequest =
  | { readonly kind: 'request'; readonly head: RequestHead }
  | { readonly kind: 'refused'; readonly why: Unreadable };

function refused(what: string): ReceivedRequest {
  return { kind: 'refused', why: { status: 400, what } };
}

const noHost = refused('The request has no Host field');

const tcpTunnel: Tunnel = { kind: 'tcp' };

/**
 * An authority in the target replaces the Host field (RFC 9112 section 3.2.2). `defaultAuthority`: whom one of HTTP/1.0 is for that has
 * neither, if anybody; one of HTTP/1.1 was refused before (section 3.2).
 */
export function requestOf(
  received: ReceivedHead,
  scheme: 'http' | 'https',
  slashes: EncodedSlashes,
  defaultAuthority?: string,
): ReceivedRequest {
  const { target } = received;
  const host = received.host ?? defaultAuthority;
  switch (target.form) {
    case 'authority':
      return request(received, scheme, target.authority, '', tcpTunnel);
    case 'asterisk':
      if (host === undefined) return noHost;
      return request(received, scheme, host, '*', undefined);
    case 'absolute':
      if (target.scheme !== scheme) {
        return refused(`The scheme of the request target is ${target.scheme}, not ${scheme}`);
      }
      if (target.path === '*') return request(received, scheme, target.authority, '*', undefined);
      return requestFor(received, scheme, target.authority, target.path, slashes);
    case 'origin':
      if (host === undefined) return noHost;
      return requestFor(received, scheme, host, target.path, slashes);
  }
}

function requestFor(
  received: ReceivedHead,
  scheme: 'http' | 'https',
  authority: string,
  target: string,
  slashes: EncodedSlashes,
): ReceivedRequest {
  const path = normalPath(target, slashes);
  if (typeof path !== 'string') return { kind: 'refused', why: unclearPath(path) };
  return request(received, scheme, authority, path, upgradeOf(received));
}

function request(
  { method, protocol, fields, framing, connectionTokens, expectsContinue }: ReceivedHead,
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
      expectsContinue,
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

/** Protocols that would carry HTTP past the gateway: an offer of such an upgrade may be ignored, and is. */
const httpItself = /^(?:h2c?|https?|tls)$/i;

/** The upgrade to be offered to an endpoint: to one protocol, asked for without content. */
function upgradeOf({ upgrade, method, framing }: ReceivedHead): Tunnel | undefined {
  if (upgrade === undefined || method !== 'GET' || framing.kind !== 'none') return undefined;
  if (!isToken(upgrade) || httpItself.test(upgrade)) return undefined;
  return { kind: 'upgrade', protocol: upgrade };
}
