/** Owns turning a decoded header list into a head, or saying why it is malformed (RFC 9113 sections 8.1 to 8.3). */
import { isAuthority, withoutEmptyPort } from '../../../../core/uri-authority.ts';
import type { DecodedField } from '../hpack/decoder.ts';
import type { Fields, ReceivedRequest, ReceivedResponse } from './api.ts';
import { FieldList } from './field-list.ts';
import { fieldKind, kindOf, lastPseudo } from './field-rules.ts';
import type { HeaderBlock } from './header-block.ts';

const zeroDigit = 0x30;

/** Octets of a name that are told. */
const maxNamed = 64;

/** Why a message is malformed, as a sentence's end. Never tells a value, which may be a secret. */
type Malformed = string;

/** The parts of a head while it is read; one for all heads, for it is not kept. */
class Parts {
  /** By kind. */
  readonly pseudo: (string | undefined)[] = new Array(lastPseudo + 1).fill(undefined);
  fields: FieldList | undefined;
  host: string | undefined;
  length = -1;

  clear(): void {
    const { pseudo } = this;
    for (let kind = 0; kind < pseudo.length; kind++) pseudo[kind] = undefined;
    this.fields = undefined;
    this.host = undefined;
    this.length = -1;
  }
}

const parts = new Parts();

/** `connectProtocol`: whether extended CONNECT is allowed here. */
export function readRequest(
  block: HeaderBlock,
  connectProtocol: boolean,
): ReceivedRequest | Malformed {
  const { start, rest } = block;
  if (start === undefined || !isPlain(rest)) return requestIn(block.all(), connectProtocol);
  start.request ??= requestIn(start.fields, connectProtocol);
  const known = start.request;
  if (typeof known === 'string' || rest.length === 0) return known;
  const { method, scheme, authority, path, protocol, fields, length } = known;
  return { method, scheme, authority, path, protocol, fields: fields.and(rest), length };
}

export function readResponse(block: HeaderBlock): ReceivedResponse | Malformed {
  const { start, rest } = block;
  if (start === undefined || !isPlain(rest)) return responseIn(block.all());
  if (start.response === undefined) {
    const read = responseIn(start.fields);
    start.response = typeof read === 'string' ? read : { ...read, made: null };
  }
  const known = start.response;
  if (typeof known === 'string' || rest.length === 0) return known;
  const { status, fields, length } = known;
  return { status, fields: fields.and(rest), length };
}

/** Whether these fields, after others, change nothing of what those say. */
function isPlain(rest: readonly DecodedField[]): boolean {
  for (let i = 0; i < rest.length; i++) {
    const { kind, valid, sensitive } = rest[i] as DecodedField;
    if (!valid || sensitive || kindOf(kind) !== fieldKind.regular) return false;
  }
  return true;
}

/** `list` is kept. */
function requestIn(
  list: readonly DecodedField[],
  connectProtocol: boolean,
): ReceivedRequest | Malformed {
  const malformed = readParts(list, true);
  if (malformed !== undefined) return malformed;
  const { pseudo, host, length } = parts;
  const fields = parts.fields as FieldList;
  if (pseudo[fieldKind.status] !== undefined) return ':status in a request';
  const method = pseudo[fieldKind.method];
  const scheme = pseudo[fieldKind.scheme];
  const path = pseudo[fieldKind.path];
  const protocol = pseudo[fieldKind.protocol];
  const asked = pseudo[fieldKind.authority] ?? host;
  if (method === undefined) return 'no :method';
  if (host !== undefined && host.toLowerCase() !== asked?.toLowerCase())
    return 'host and :authority differ';
  if (asked === undefined || asked === '') return 'no authority';
  const authority = validated(asked);
  if (authority === undefined) return 'an authority that is no host with perhaps a port';
  if (protocol !== undefined) {
    if (method !== 'CONNECT') return ':protocol without CONNECT';
    if (!connectProtocol) return ':protocol, which was not offered';
  }
  if (method === 'CONNECT' && protocol === undefined) {
    if (scheme !== undefined || path !== undefined) return 'CONNECT with :scheme or :path';
    return { method, scheme: '', authority, path: '', protocol, fields, length };
  }
  if (scheme === undefined) return 'no :scheme';
  if (path === undefined) return 'no :path';
  if (!path.startsWith('/') && !(path === '*' && method === 'OPTIONS'))
    return ':path that does not begin with /';
  return { method, scheme, authority, path, protocol, fields, length };
}

/** The last authority that was found valid: most often it is the next one's as well. */
let lastAuthority = '';

function validated(authority: string): string | undefined {
  if (authority === lastAuthority) return authority;
  if (!isAuthority(authority)) return undefined;
  lastAuthority = withoutEmptyPort(authority);
  return lastAuthority;
}

/** `list` is kept. */
function responseIn(list: readonly DecodedField[]): ReceivedResponse | Malformed {
  const malformed = readParts(list, false);
  if (malformed !== undefined) return malformed;
  const { pseudo, length } = parts;
  const status = pseudo[fieldKind.status];
  if (status === undefined) return 'no :status';
  for (let kind = fieldKind.method as number; kind < fieldKind.status; kind++) {
    if (pseudo[kind] !== undefined) return 'response with a pseudo-header of requests';
  }
  // Section 8.6 has no place for it.
  if (status === '101') return 'response with status 101';
  return { status: statusIn(status), fields: parts.fields as FieldList, length };
}

export function readTrailers(block: HeaderBlock): Fields | Malformed {
  const fields: string[] = [];
  for (const { name, value, kind, valid } of block.all()) {
    if (!valid) return invalid(name, kind);
    if (isPseudo(kindOf(kind))) return 'pseudo-header in trailers';
    fields.push(name, value);
  }
  return fields;
}

/** Reads `list` into `parts`. */
function readParts(list: readonly DecodedField[], isRequest: boolean): Malformed | undefined {
  parts.clear();
  const { pseudo } = parts;
  let first = 0;
  let cookies = 0;
  let sensitive: string[] | undefined;
  for (let i = 0; i < list.length; i++) {
    const { name, value, kind: judged, valid, sensitive: isSensitive } = list[i] as DecodedField;
    if (!valid) return invalid(name, judged);
    if (isSensitive) {
      sensitive ??= [];
      sensitive.push(name);
    }
    const kind = kindOf(judged);
    if (kind === fieldKind.regular) continue;
    if (kind <= lastPseudo) {
      if (i !== first) return 'pseudo-header after a field';
      if (pseudo[kind] !== undefined) return 'pseudo-header twice';
      pseudo[kind] = value;
      first++;
    } else if (kind === fieldKind.host && isRequest) {
      if (parts.host !== undefined) return 'host twice';
      parts.host = value;
    } else if (kind === fieldKind.cookie) {
      cookies++;
    } else if (kind === fieldKind.contentLength) {
      if (parts.length >= 0) return 'content-length twice';
      parts.length = Number(value);
    }
  }
  parts.fields =
    parts.host === undefined && cookies < 2
      ? new FieldList(list, first, sensitive)
      : new FieldList(tidied(list, first), 0, sensitive);
  return undefined;
}

function isPseudo(kind: number): boolean {
  return kind !== fieldKind.regular && kind <= lastPseudo;
}

/** Without the host, and with the cookies that came apart put into one (section 8.2.3). */
function tidied(list: readonly DecodedField[], first: number): DecodedField[] {
  const fields: DecodedField[] = [];
  let cookieAt = -1;
  for (const field of list.slice(first)) {
    const kind = kindOf(field.kind);
    if (kind === fieldKind.host) continue;
    const cookie = kind === fieldKind.cookie ? fields[cookieAt] : undefined;
    if (cookie !== undefined) {
      const value = `${cookie.value}; ${field.value}`;
      fields[cookieAt] = { ...cookie, value, line: undefined };
    } else {
      if (kind === fieldKind.cookie) cookieAt = fields.length;
      fields.push(field);
    }
  }
  return fields;
}

function invalid(name: string, judged: number): Malformed {
  return kindOf(judged) === fieldKind.forbidden
    ? `field name not allowed: ${JSON.stringify(name.slice(0, maxNamed))}`
    : `invalid value of ${name.slice(0, maxNamed)}`;
}

/** Three digits, as a number: `Number` reads whatever there is, and takes its time. */
function statusIn(text: string): number {
  return 100 * text.charCodeAt(0) + 10 * text.charCodeAt(1) + text.charCodeAt(2) - 111 * zeroDigit;
}
