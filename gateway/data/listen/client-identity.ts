/** Owns who the client of a TLS connection is by the certificate that it shows: by the ingress's authorities, or by the bundle of its foreign trust domain, never by both. */
import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { extensionsOf } from '../../../certs/extensions.ts';
import { verifyPeer } from '../../../certs/peer-verification.ts';
import type { TrustStore } from '../../../certs/trust-store.ts';
import { messageOf } from '../../../core/errors.ts';
import { forwardedCertificate } from '../client/client-certificate.ts';

export interface Admission {
  /** Whether clients without a certificate are refused. */
  readonly isRequired: boolean;
  /** Foreign trust domains whose workloads may come in here. */
  readonly trustDomains: readonly string[];
  /** The bundles of all foreign trust domains, those without a root included. */
  readonly foreign: TrustStore;
}

type ClientIdentity =
  | {
      readonly kind: 'ok';
      readonly certificate: string | undefined;
      readonly foreign?: string;
    }
  | { readonly kind: 'refused'; readonly what: string };

/**
 * Judges the client of a socket whose handshake is done and asked for a certificate, at wall time `now`. A name in a foreign trust domain
 * is vouched for by its bundle alone: an authority that the ingress believes can't lend it. Once that bundle vouches for the client no
 * more, the socket is destroyed.
 */
export function identifyClient(
  socket: TLSSocket,
  { isRequired, trustDomains, foreign }: Admission,
  now: number,
): ClientIdentity {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) {
    return isRequired
      ? refused('The client presented no certificate')
      : { kind: 'ok', certificate: undefined };
  }
  try {
    const domain = foreignDomainIn(certificate, foreign);
    if (domain === undefined) {
      if (!socket.authorized) return refused(notBelieved(String(socket.authorizationError)));
      return { kind: 'ok', certificate: forwardedCertificate(certificate) };
    }
    if (!trustDomains.includes(domain)) {
      return refused(`Workloads of ${domain} are not let in at this ingress`);
    }
    const { trustDomain } = verifyPeer(socket, foreign, now);
    return { kind: 'ok', certificate: forwardedCertificate(certificate), foreign: trustDomain };
  } catch (thrown) {
    return refused(notBelieved(messageOf(thrown)));
  }
}

/** The foreign trust domain that any of the certificate's names is in, however it is spelled. Throws CERT_INVALID. */
function foreignDomainIn(certificate: X509Certificate, foreign: TrustStore): string | undefined {
  const domains = foreign.domains();
  if (domains.length === 0) return undefined;
  const named = extensionsOf(certificate).uris.map((uri) => authorityIn(uri));
  return domains.find((domain) => named.includes(domain));
}

function authorityIn(uri: string): string | undefined {
  return /^spiffe:\/\/(?:[^/?#]*@)?([^/?#:]*)/i.exec(uri)?.[1]?.toLowerCase();
}

function refused(what: string): ClientIdentity {
  return { kind: 'refused', what };
}

function notBelieved(why: string): string {
  return `The client's certificate is not believed: ${why}`;
}
