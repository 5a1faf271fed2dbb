/** Owns turning a decoded header list into a head, or saying why it is malformed (RFC 9113 sections 8.1 to 8.3). */
import type { DecodedField } from '../hpack/decoder.ts';
import type { Fields, RequestHead, ResponseHead } from './api.ts';
import { fieldKind, lastPseudo } from './field-rules.ts';

/** Why a message is malformed. */
export type Malformed = string;

/** A head, with the length of the body that it announces; -1 when it does not. */
export interface ReadHead<H> {
  readonly head: H;
  readonly length: number;
}

/** What both kinds of head are read into. */
class Parts {
  readonly pseudo: (string | undefined)[] = [];
  readonly fields: string[] = [];
  host: string | undefined;
  length = -1;
  sensitive: string[] | undefined;
}

/** `connectProtocol`: whether extended CONNECT is allowed here. */
export function readRequest(
  list: readonly DecodedField[],
  connectProtocol: boolean,
): ReadHead<RequestHead> | Malformed {
  const parts = readParts(list);
  if (typeof parts === 'string') return parts;
  const { pseudo, host, fields, sensitive, length } = parts;
  if (pseudo[fieldKind.status] !== undefined) return 'request with :status';
  const method = pseudo[fieldKind.method];
  const scheme = pseudo[fieldKind.scheme];
  const path = pseudo[fieldKind.path];
  const protocol = pseudo[fieldKind.protocol];
  const authority = pseudo[fieldKind.authority] ?? host;
  if (method === undefined) return 'request without :method';
  if (host !== undefined && host.toLowerCase() !== authority?.toLowerCase())
    return 'host and :authority differ';
  if (authority === undefined || authority === '') return 'request without authority';
  if (authority.includes('@')) return 'user information in :authority';
  if (protocol !== undefined) {
    if (method !== 'CONNECT') return ':protocol without CONNECT';
    if (!connectProtocol) return ':protocol, which was not offered';
  }
  if (method === 'CONNECT' && protocol === undefined) {
    if (scheme !== undefined || path !== undefined) return 'CONNECT with :scheme or :path';
    return { head: { method, scheme: '', authority, path: '', fields, sensitive }, length };
  }
  if (scheme === undefined) return 'request without :scheme';
  if (path === undefined) return 'request without :path';
  if (!path.startsWith('/') && !(path === '*' && method === 'OPTIONS'))
    return ':path that does not begin with /';
  return { head: { method, scheme, authority, path, protocol, fields, sensitive }, length };
}

export function readResponse(list: readonly DecodedField[]): ReadHead<ResponseHead> | Malformed {
  const parts = readParts(list);
  if (typeof parts === 'string') return parts;
  const { pseudo, host, fields, sensitive, length } = parts;
  const status = pseudo[fieldKind.status];
  if (status === undefined) return 'response without :status';
  for (let kind = fieldKind.method as number; kind < fieldKind.status; kind++) {
    if (pseudo[kind] !== undefined) return 'response with a pseudo-header of requests';
  }
  // Section 8.6 has no place for it.
  if (status === '101') return 'response with status 101';
  if (host !== undefined) fields.push('host', host);
  return { head: { status: Number(status), fields, sensitive }, length };
}

export function readTrailers(list: readonly DecodedField[]): Fields | Malformed {
  const fields: string[] = [];
  for (const { name, value, kind, valid } of list) {
    if (!valid) return invalid(name, kind);
    if (kind !== fieldKind.regular && kind <= lastPseudo) return 'pseudo-header in trailers';
    fields.push(name, value);
  }
  return fields;
}

function readParts(list: readonly DecodedField[]): Parts | Malformed {
  const parts = new Parts();
  const { pseudo, fields } = parts;
  let cookieAt = -1;
  for (const { name, value, kind, valid, sensitive } of list) {
    if (!valid) return invalid(name, kind);
    if (sensitive) {
      parts.sensitive ??= [];
      parts.sensitive.push(name);
    }
    if (kind === fieldKind.regular) {
      fields.push(name, value);
    } else if (kind <= lastPseudo) {
      if (fields.length > 0 || parts.host !== undefined) return 'pseudo-header after a field';
      if (pseudo[kind] !== undefined) return 'pseudo-header twice';
      pseudo[kind] = value;
    } else if (kind === fieldKind.host) {
      if (parts.host !== undefined) return 'host twice';
      parts.host = value;
    } else if (kind === fieldKind.cookie && cookieAt >= 0) {
      fields[cookieAt] += `; ${value}`;
    } else {
      if (kind === fieldKind.contentLength) {
        if (parts.length >= 0) return 'content-length twice';
        parts.length = Number(value);
      }
      fields.push(name, value);
      if (kind === fieldKind.cookie) cookieAt = fields.length - 1;
    }
  }
  return parts;
}

function invalid(name: string, kind: number): Malformed {
  return kind === fieldKind.forbidden
    ? `field name not allowed: ${JSON.stringify(name.slice(0, 64))}`
    : `invalid value of ${name}`;
}
