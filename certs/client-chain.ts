/** Owns clients whose authority is under another that is not named: OpenSSL, as Node.js has it at a server, wants a root that signs itself. */
import type { X509Certificate } from 'node:crypto';
import { id_kp_clientAuth } from '@peculiar/asn1-x509';
import { issued, objectionToIssuer } from './chain.ts';
import { extensionsOf } from './extensions.ts';
import { parseSpiffeId } from './spiffe-id.ts';

/**
 * Whether `authority`, whoever is above it, vouches at wall time `now` for the SPIFFE ID of a client's certificate that it signed itself:
 * by the rules of any other path, of which this is the shortest.
 */
export function vouchesForClient(
  authority: X509Certificate,
  leaf: X509Certificate,
  now: number,
): boolean {
  try {
    const { uris, ca, digitalSignature, keyCertSign, unknownCritical, purposes } =
      extensionsOf(leaf);
    const [uri] = uris;
    if (uri === undefined || uris.length > 1 || ca || keyCertSign || !digitalSignature)
      return false;
    if (unknownCritical !== undefined || !purposes.includes(id_kp_clientAuth)) return false;
    const isInTime = [authority, leaf].every(
      ({ validFromDate, validToDate }) =>
        validFromDate.getTime() <= now && now <= validToDate.getTime(),
    );
    const why = objectionToIssuer(authority, 0, parseSpiffeId(uri).trustDomain);
    return isInTime && why === undefined && issued(authority, leaf);
  } catch {
    return false; // It is not well formed.
  }
}
