/** Owns the rules a chain of certificates must meet to speak for a SPIFFE ID (X509-SVID, sections 4 and 5; RFC 5280, section 6). */
import type { X509Certificate } from 'node:crypto';
import { IsthmusError } from '../core/errors.ts';
import type { Bundle } from './bundle.ts';
import { extensionsOf } from './extensions.ts';
import { parseSpiffeId, type SpiffeId, type TrustDomain } from './spiffe-id.ts';

/** The root may be this far above the leaf: two intermediates at most. */
const maxDepth = 3;
/** A longer chain is refused unread, so that nobody can make us verify signatures at length. */
const maxPresented = 8;

/** ECDSA and RSA with SHA-2, RSA-PSS, Ed25519 and Ed448: nothing that rests on SHA-1 or MD5. */
const soundSignatures = new Set([
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
  '1.2.840.113549.1.1.10',
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.3.101.112',
  '1.3.101.113',
]);

/** The time in which every certificate of a verified path is valid, in wall milliseconds, both ends included. */
interface Validity {
  readonly notBefore: number;
  readonly notAfter: number;
}

/** A path that was verified: when all of it is valid, and the root that it leads to. */
export interface VerifiedPath extends Validity {
  readonly root: X509Certificate;
}

/** The one SPIFFE ID of a leaf that has the shape of an X509-SVID; who vouches for it is another question. Throws CERT_INVALID. */
export function leafId(leaf: X509Certificate): SpiffeId {
  const { uris, unknownCritical, ...extensions } = extensionsOf(leaf);
  const [uri] = uris;
  if (uri === undefined) throw invalid(leaf, 'it has no URI name, so no SPIFFE ID');
  if (uris.length > 1) throw invalid(leaf, 'it has several URI names, where one is the rule');
  let id: SpiffeId;
  try {
    id = parseSpiffeId(uri);
  } catch (cause) {
    throw invalid(leaf, 'its URI name is not a SPIFFE ID', cause);
  }
  if (id.path === '') throw invalid(leaf, 'its SPIFFE ID is that of a whole trust domain');
  if (extensions.ca) throw invalid(leaf, 'it is a certificate authority, not a leaf');
  if (!extensions.digitalSignature) throw invalid(leaf, 'its key usage lacks digitalSignature');
  if (extensions.keyCertSign) throw invalid(leaf, 'its key usage has keyCertSign');
  if (extensions.crlSign) throw invalid(leaf, 'its key usage has cRLSign');
  if (!extensions.bothEndsOfTls) throw invalid(leaf, 'it is not for both ends of TLS');
  if (unknownCritical) throw invalid(leaf, `it has the unknown critical ${unknownCritical}`);
  return id;
}

/**
 * Finds a path from the leaf of `chain`, which claims to be `id`, to a root of `bundle`, through the other
 * certificates of `chain` in whatever order they came. Throws CERT_UNTRUSTED or CERT_INVALID saying why there is none.
 */
export function verifyPath(
  chain: readonly X509Certificate[],
  id: SpiffeId,
  bundle: Bundle,
  now: number,
): VerifiedPath {
  const [leaf, ...others] = chain;
  if (leaf === undefined || chain.length > maxPresented) {
    throw new IsthmusError('CERT_INVALID', {
      what: `The chain has ${chain.length} certificates, where 1 to ${maxPresented} are the rule`,
      where: id.uri,
    });
  }
  const refusals: string[] = [];

  /** Climbs from `certificate`, which has `below` certificates under it, by every issuer that may have signed it. */
  function climb(certificate: X509Certificate, below: number): VerifiedPath | undefined {
    const own = validityOf(certificate);
    const why = objectionToTime(own, now) ?? objectionToSignature(certificate);
    if (why !== undefined) {
      refusals.push(`${nameOf(certificate)} ${why}`);
      return undefined;
    }
    for (const root of bundle.roots) {
      const above = validityOf(root);
      if (
        issued(root, certificate) &&
        accepted(
          root,
          objectionToTime(above, now) ?? objectionToIssuer(root, below, id.trustDomain),
        )
      ) {
        return { ...overlap(own, above), root };
      }
    }
    if (below + 1 === maxDepth) return undefined;
    for (const issuer of others) {
      if (
        !selfIssued(issuer) &&
        issued(issuer, certificate) &&
        accepted(issuer, objectionToIssuer(issuer, below, id.trustDomain))
      ) {
        const above = climb(issuer, below + 1);
        if (above) return { ...overlap(own, above), root: above.root };
      }
    }
    return undefined;
  }

  function accepted(issuer: X509Certificate, why: string | undefined): boolean {
    if (why !== undefined) refusals.push(`${nameOf(issuer)} ${why}`);
    return why === undefined;
  }

  const path = climb(leaf, 0);
  if (path) return path;
  throw new IsthmusError('CERT_UNTRUSTED', {
    what:
      refusals.length > 0
        ? `No path leads from the certificate to a root of ${id.trustDomain}: ${refusals.join('; ')}`
        : `The certificate was not signed by a root of ${id.trustDomain}`,
    where: id.uri,
  });
}

/** Whether `now` is inside `validity`. */
export function isValidAt(validity: Validity, now: number): boolean {
  return objectionToTime(validity, now) === undefined;
}

/** Whether the issuer signed the certificate, and is named by it. */
export function issued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

/** Why an issuer can't vouch for `host`; `below` counts the intermediates between it and the leaf (RFC 5280, section 6.1.4). */
export function objectionToIssuer(
  issuer: X509Certificate,
  below: number,
  host: TrustDomain,
): string | undefined {
  const extensions = extensionsOf(issuer);
  const { pathLength, permittedHosts, excludedHosts, unknownCritical } = extensions;
  if (!extensions.ca) return 'is not a certificate authority';
  if (!extensions.keyCertSign) return 'may not sign certificates';
  if (unknownCritical) return `has the unknown critical ${unknownCritical}`;
  if (pathLength !== undefined && below > pathLength) return 'may not sign for that many below it';
  if (permittedHosts && !permittedHosts.some((constraint) => isWithin(host, constraint))) {
    return `is constrained to names outside ${host}`;
  }
  if (excludedHosts.some((constraint) => isWithin(host, constraint))) {
    return `is constrained not to name ${host}`;
  }
  return undefined;
}

/** RFC 5280, section 4.2.1.10: a constraint with a leading dot means any host below it, else that very host. */
function isWithin(host: string, constraint: string): boolean {
  const wanted = constraint.toLowerCase();
  return wanted.startsWith('.') ? host.endsWith(wanted) : host === wanted;
}

function objectionToTime(validity: Validity, now: number): string | undefined {
  if (now < validity.notBefore) return `is not valid before ${iso(validity.notBefore)}`;
  if (now > validity.notAfter) return `expired at ${iso(validity.notAfter)}`;
  return undefined;
}

function objectionToSignature(certificate: X509Certificate): string | undefined {
  const algorithm = certificate.signatureAlgorithmOid;
  return algorithm !== undefined && soundSignatures.has(algorithm)
    ? undefined
    : `is signed with an algorithm that is not accepted (${certificate.signatureAlgorithm ?? algorithm})`;
}

function validityOf(certificate: X509Certificate): Validity {
  return {
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
  };
}

function overlap(a: Validity, b: Validity): Validity {
  return {
    notBefore: Math.max(a.notBefore, b.notBefore),
    notAfter: Math.min(a.notAfter, b.notAfter),
  };
}

function selfIssued(certificate: X509Certificate): boolean {
  return certificate.subject === certificate.issuer;
}

function nameOf(certificate: X509Certificate): string {
  return certificate.subject || `serial ${certificate.serialNumber}`;
}

function iso(wallMs: number): string {
  return new Date(wallMs).toISOString();
}

function invalid(leaf: X509Certificate, why: string, cause?: unknown): IsthmusError {
  return new IsthmusError('CERT_INVALID', {
    what: `The certificate can't identify anyone: ${why}`,
    where: nameOf(leaf),
    cause,
  });
}
