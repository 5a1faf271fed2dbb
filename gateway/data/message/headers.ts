/** Owns which header fields cross the gateway, and which ones it sets. */
import type { ServiceName } from '../../../core/names.ts';
import { FieldFilter } from '../wire/http1/field-filter.ts';
import { idOfName } from '../wire/http1/field-names.ts';
import { membersOf } from '../wire/http1/grammar.ts';
import type { Fields } from './message.ts';

/** The answering cluster and endpoint, on responses: for users, and from a remote gateway to the asking one. */
export const clusterField = 'x-isthmus-cluster';
export const endpointField = 'x-isthmus-endpoint';
/** On a response between gateways: the code of a refusal after which the request provably reached no endpoint. */
export const refusedField = 'x-isthmus-refused';
/** On a response between gateways: the code of a failure after which the request may have reached an endpoint. */
export const failedField = 'x-isthmus-failed';
/** Beside `failedField`: tells the caller why a response can't be passed on. */
export const whyField = 'x-isthmus-why';
/**
 * On a request between gateways, and only there: the service it is for, `orders.shop`, or its port, `grpc.orders.shop`, where its
 * authority does not say so, as at an ingress. Believed of gateways only.
 */
export const serviceField = 'x-isthmus-service';

/** On a request between gateways, and only there: the labels of the endpoints that may serve it. Believed of gateways only. */
export const subsetField = 'x-isthmus-subset';

/** On a request between gateways, and only there: the token of the endpoint that its session is with. Believed of gateways only. */
export const sessionField = 'x-isthmus-session';

/**
 * On a request between gateways, and only there: the trust domain outside of the federation whose bundle vouches for its client.
 * Believed of gateways only.
 */
export const foreignField = 'x-isthmus-foreign';

/** On a request to an endpoint: the cluster that it came from, where that is another one, by its gateway's certificate. */
export const sourceField = 'x-isthmus-source-cluster';
/**
 * Whose certificates were verified, one element each, in the form that Envoy gave it: the client's of an ingress, then the
 * gateway's of another cluster.
 */
export const clientCertificateField = 'x-forwarded-client-cert';

const reservedPrefix = 'x-isthmus-';
export const requestIdField = 'x-request-id';
/** The fields that say which trace a request is part of (W3C Trace Context). */
export const traceParentField = 'traceparent';
export const traceStateField = 'tracestate';

/** Numbers of the fields that are looked for in every message. */
export const viaId = idOfName('via');
export const dateId = idOfName('date');
export const contentTypeId = idOfName('content-type');
export const requestIdId = idOfName(requestIdField);
export const serviceId = idOfName(serviceField);
export const subsetId = idOfName(subsetField);
export const sessionId = idOfName(sessionField);
export const foreignId = idOfName(foreignField);
export const clientCertificateId = idOfName(clientCertificateField);
export const endpointId = idOfName(endpointField);
export const keepAliveId = idOfName('keep-alive');
export const forwardedForId = idOfName('x-forwarded-for');
export const refusedId = idOfName(refusedField);
export const failedId = idOfName(failedField);

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

/** Not among the fields that go on: each hop says these in its own way. */
const ofTheHop = new Set(['host', 'content-length', 'expect', 'via']);

/** Fields that say who called, and through what: said by us, never believed from outside. */
function isProvenance(name: string): boolean {
  return name.startsWith('x-forwarded-') || name === 'forwarded' || name === 'x-real-ip';
}

/** Fields that `Connection` must never have removed, besides provenance: framing, identity, loop protection. */
const neverHopByHop = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'expect',
  'via',
  requestIdField,
]);

/** Fields of provenance that go on as a gateway of a member cluster wrote them of its clients. */
const gatewayMaySet = new Set([
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
]);

function isReserved(name: string): boolean {
  return name.startsWith(reservedPrefix) || name === clientCertificateField;
}

function stopsHere(name: string): boolean {
  return hopByHop.has(name) || isReserved(name) || ofTheHop.has(name);
}

function isOurs(name: string): boolean {
  return stopsHere(name) || isProvenance(name);
}

/**
 * Whether a service may take it for one of ours: in CGI, WSGI and their kin, `x_forwarded_for` and `X-Forwarded-For`
 * are one variable (RFC 3875 section 4.1.18).
 */
function isLookAlike(name: string): boolean {
  return /[^a-z\d-]/.test(name) && isOurs(name.replace(/[^a-z\d]/g, '-'));
}

/** Takes out the fields of a client's request that don't go on. */
export const fromClient = new FieldFilter((name) => isOurs(name) || isLookAlike(name));

/** Takes out the fields that don't go on of a request that another gateway has sent on. */
export const fromGateway = new FieldFilter(
  (name) => (isOurs(name) && !gatewayMaySet.has(name)) || isLookAlike(name),
);

/** Takes out the fields of a response that don't go back. */
export const fromUpstream = new FieldFilter(
  (name) => hopByHop.has(name) || isReserved(name) || name === 'content-length',
);

function isNeverHopByHop(name: string): boolean {
  return neverHopByHop.has(name) || isProvenance(name) || isReserved(name);
}

/** A `Connection` token that names a framing or reserved field: an attempt to have us drop it. */
export function forbiddenConnectionToken(tokens: readonly string[]): string | undefined {
  return tokens.find(isNeverHopByHop);
}

/** How often a request may come by whatever it asks for: a chain of services that call each other is no loop. */
const maxPasses = 16;

/**
 * True when `Via` says that the request has been here for the same service before, or so often that it must
 * be going in circles where somebody strips the comment that names the service.
 */
export function isLoop(via: readonly string[], pseudonym: string, service: ServiceName): boolean {
  let passes = 0;
  for (const value of via) {
    if (!value.toLowerCase().includes(pseudonym)) continue;
    for (const hop of value.split(',')) {
      const [, by, comment] = hop.trim().split(/\s+/);
      if (by?.toLowerCase() !== pseudonym) continue;
      if (comment === `(${service})` || ++passes >= maxPasses) return true;
    }
  }
  return false;
}

/** Whether `TE` says that trailers are welcome: what gRPC asks of every hop. */
export function welcomesTrailers(te: string | undefined): boolean {
  return te !== undefined && (te === 'trailers' || membersOf(te).includes('trailers'));
}

/** The fields of an interim response to send back. */
export function interimFields(fields: Fields): string[] {
  return keptOf(fields, (name) => !fromUpstream.drops(name));
}

/** Trailer fields to send on: neither framing nor anything reserved (RFC 9110 section 6.5.1). */
export function trailerFields(fields: Fields): Fields {
  if (fields.length === 0) return fields;
  return keptOf(
    fields,
    (name) => !hopByHop.has(name) && !isNeverHopByHop(name) && !isLookAlike(name),
  );
}

function keptOf(fields: Fields, isKept: (name: string) => boolean): string[] {
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? '';
    if (isKept(name)) kept.push(name, fields[i + 1] ?? '');
  }
  return kept;
}
