/** Owns SPIFFE IDs and trust domains as values that are valid by construction (SPIFFE-ID standard, section 2). */
import { IsthmusError } from '../core/errors.ts';

declare const brand: unique symbol;
/** The authority part of a SPIFFE ID: whose certificate authority vouches for it. */
export type TrustDomain = string & { readonly [brand]: 'TrustDomain' };

export interface SpiffeId {
  readonly trustDomain: TrustDomain;
  /** Empty for the trust domain itself, else `/` and one or more segments. */
  readonly path: string;
  /** The whole ID in its one canonical spelling; two IDs are equal when these are. */
  readonly uri: string;
}

const maxIdBytes = 2048;
const maxTrustDomainBytes = 255;
const trustDomainChars = /^[a-z0-9._-]+$/;
const segmentChars = /^[a-zA-Z0-9._-]+$/;

function invalid(text: string, why: string): IsthmusError {
  return new IsthmusError('SPIFFE_ID_INVALID', {
    what: `${JSON.stringify(text.slice(0, 120))} is not a valid SPIFFE ID: ${why}`,
  });
}

/** Parses a bare trust domain, such as `dc1.acme`. Throws SPIFFE_ID_INVALID. */
export function parseTrustDomain(text: string): TrustDomain {
  const why = objectionToTrustDomain(text);
  if (why !== undefined) {
    throw new IsthmusError('SPIFFE_ID_INVALID', {
      what: `${JSON.stringify(text.slice(0, 120))} is not a valid trust domain: ${why}`,
      fix: 'Use <cluster>.<federation>, in lower case and without a scheme.',
    });
  }
  return text as TrustDomain;
}

/**
 * Parses `spiffe://<trust domain>[/<segment>...]`. The scheme may be in any case, as in every URI;
 * nothing else is normalised, so a second spelling of an ID is refused rather than repaired.
 * Throws SPIFFE_ID_INVALID.
 */
export function parseSpiffeId(text: string): SpiffeId {
  if (text.length > maxIdBytes) throw invalid(text, `it is longer than ${maxIdBytes} bytes`);
  if (text.slice(0, 9).toLowerCase() !== 'spiffe://') throw invalid(text, 'the scheme is another');
  const rest = text.slice(9);
  const slash = rest.indexOf('/');
  const authority = slash === -1 ? rest : rest.slice(0, slash);
  const path = slash === -1 ? '' : rest.slice(slash);
  const why = objectionToTrustDomain(authority) ?? objectionToPath(path);
  if (why !== undefined) throw invalid(text, why);
  return { trustDomain: authority as TrustDomain, path, uri: `spiffe://${authority}${path}` };
}

/** The ID of a gateway: `spiffe://<td>/gateway/<id>`. */
export function gatewayId(trustDomain: TrustDomain, id: string): SpiffeId {
  return parseSpiffeId(`spiffe://${trustDomain}/gateway/${id}`);
}

/** The name of the cluster that an ID belongs to: the first label of its trust domain `<cluster>.<federation>`. */
export function clusterOf(id: SpiffeId): string {
  const dot = id.trustDomain.indexOf('.');
  return dot === -1 ? id.trustDomain : id.trustDomain.slice(0, dot);
}

function objectionToTrustDomain(text: string): string | undefined {
  if (text === '') return 'the trust domain is empty';
  if (text.length > maxTrustDomainBytes) {
    return `the trust domain is longer than ${maxTrustDomainBytes} bytes`;
  }
  return trustDomainChars.test(text)
    ? undefined
    : 'the trust domain may have lower-case letters, digits, ".", "-" and "_" only';
}

function objectionToPath(path: string): string | undefined {
  if (path === '') return undefined;
  for (const segment of path.slice(1).split('/')) {
    if (segment === '') return 'the path has an empty segment or a trailing slash';
    if (segment === '.' || segment === '..') return 'the path has a relative segment';
    if (!segmentChars.test(segment)) {
      return 'the path may have letters, digits, ".", "-" and "_" between slashes only';
    }
  }
  return undefined;
}
