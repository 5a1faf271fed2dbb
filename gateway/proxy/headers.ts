/** Owns which header fields cross the gateway, and which ones it sets. */
import type { ServiceName } from '../../core/names.ts';
import type { Fields, RequestHead } from './message.ts';
import type { Peer } from './peer.ts';

/** The answering cluster and endpoint, on responses: for users, and from a remote gateway to the asking one. */
export const clusterField = 'x-isthmus-cluster';
export const endpointField = 'x-isthmus-endpoint';
/** On a response between gateways: the code of a refusal after which the request provably reached no endpoint. */
export const refusedField = 'x-isthmus-refused';
/** On a response between gateways: the code of a failure after which the request may have reached an endpoint. */
export const failedField = 'x-isthmus-failed';

const reservedPrefix = 'x-isthmus-';
const requestIdField = 'x-request-id';

/** Meant for one connection only (RFC 9110 section 7.6.1, and the older ones still seen). */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** Who called, and through what: said by us, never believed from outside. */
const provenance = new Set([
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-forwarded-client-cert',
  'x-real-ip',
]);

/** What a `Connection` field must never have removed: framing, identity, loop protection. */
const neverHopByHop = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'expect',
  'via',
  requestIdField,
  ...provenance,
]);

/** Fields of `provenance` that a gateway of a member cluster may have set. */
const gatewayMaySet = new Set([
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
]);

function isReserved(name: string): boolean {
  return name.startsWith(reservedPrefix) || name === 'x-forwarded-client-cert';
}

/** The tokens of every `Connection` field, in lower case. */
function connectionTokens(fields: Fields): readonly string[] {
  const tokens: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] !== 'connection') continue;
    for (const part of (fields[i + 1] ?? '').split(',')) {
      const token = part.trim().toLowerCase();
      if (token !== '') tokens.push(token);
    }
  }
  return tokens;
}

/** A `Connection` token that names a framing or reserved field: an attempt to have us drop it. */
export function forbiddenConnectionToken(fields: Fields): string | undefined {
  return connectionTokens(fields).find((token) => neverHopByHop.has(token) || isReserved(token));
}

/** How often a request may come by whatever it asks for: a chain of services that call each other is no loop. */
const maxPasses = 16;

/**
 * True when `Via` says that the request has been here for the same service before, or so often that it must
 * be going in circles where somebody strips the comment that names the service.
 */
export function isLoop(fields: Fields, pseudonym: string, service: ServiceName): boolean {
  let passes = 0;
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] !== 'via') continue;
    for (const hop of (fields[i + 1] ?? '').split(',')) {
      const [, by, comment] = hop.trim().split(/\s+/);
      if (by?.toLowerCase() !== pseudonym) continue;
      if (comment === `(${service})` || ++passes >= maxPasses) return true;
    }
  }
  return false;
}

/** The request fields to send on, without the host, which travels as the authority. */
export function requestFields(
  head: RequestHead,
  peer: Peer,
  pseudonym: string,
  service: ServiceName,
  newRequestId: () => string,
): string[] {
  const drop = connectionTokens(head.fields);
  const fields: string[] = [];
  let via = '';
  let hasRequestId = false;
  for (let i = 0; i < head.fields.length; i += 2) {
    const name = head.fields[i] ?? '';
    const value = head.fields[i + 1] ?? '';
    if (hopByHop.has(name) || isReserved(name) || name === 'expect' || drop.includes(name))
      continue;
    if (provenance.has(name) && !(peer.kind === 'gateway' && gatewayMaySet.has(name))) continue;
    if (name === 'via') {
      via += `${value}, `;
      continue;
    }
    hasRequestId ||= name === requestIdField;
    fields.push(name, value);
  }
  fields.push('via', `${via}${head.protocol} ${pseudonym} (${service})`);
  if (!hasRequestId) fields.push(requestIdField, newRequestId());
  if (peer.kind === 'client') pushProvenance(fields, head.authority, peer.address);
  return fields;
}

function pushProvenance(fields: string[], authority: string, address: string): void {
  const node = address.includes(':') ? `"[${address}]"` : address;
  fields.push('forwarded', `for=${node};host="${authority}";proto=http`);
  fields.push('x-forwarded-for', address);
  fields.push('x-forwarded-host', authority);
  fields.push('x-forwarded-proto', 'http');
}

/** The response fields to send back, without hop-by-hop and reserved ones. */
export function responseFields(fields: Fields, protocol: string, pseudonym: string): string[] {
  const drop = connectionTokens(fields);
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? '';
    if (hopByHop.has(name) || isReserved(name) || drop.includes(name)) continue;
    kept.push(name, fields[i + 1] ?? '');
  }
  kept.push('via', `${protocol} ${pseudonym}`);
  return kept;
}

/** Trailer fields to send back: neither framing nor anything reserved (RFC 9110 section 6.5.1). */
export function trailerFields(fields: Fields): string[] {
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? '';
    if (hopByHop.has(name) || neverHopByHop.has(name) || isReserved(name)) continue;
    kept.push(name, fields[i + 1] ?? '');
  }
  return kept;
}
