/** Owns TLS to servers that others run: which authorities and names they must show, and the certificate that we show them. */
import { X509Certificate } from 'node:crypto';
import tls from 'node:tls';
import { extensionsOf } from './extensions.ts';

/** Plain data, which can be handed to another thread. */
export interface ServerTrust {
  /** PEM of the authorities; undefined: those that the operating system trusts, or Node.js where that names none. */
  readonly roots: string | undefined;
  /** The server name to ask for. */
  readonly hostname: string;
  /** DNS names and URIs, of which the server's certificate must have one; default the hostname. */
  readonly names?: readonly string[] | undefined;
  /** What we prove ourselves with; absent: nothing. */
  readonly credentials?: { readonly chainPem: string; readonly keyPem: string } | undefined;
}

/** Options of `tls.connect` that have a socket destroyed unless its server is the one that is trusted. */
export interface ServerTls {
  readonly secureContext: tls.SecureContext;
  readonly servername: string;
  readonly rejectUnauthorized: true;
  readonly checkServerIdentity: (
    hostname: string,
    certificate: tls.PeerCertificate,
  ) => Error | undefined;
}

/** Throws where OpenSSL can't use what is given. */
export function serverTlsOf({ roots, hostname, names, credentials }: ServerTrust): ServerTls {
  const wanted = names ?? [hostname];
  return {
    secureContext: tls.createSecureContext({
      minVersion: 'TLSv1.2',
      ca: roots ?? systemRoots(),
      ...(credentials && { cert: credentials.chainPem, key: credentials.keyPem }),
    }),
    servername: hostname,
    rejectUnauthorized: true,
    checkServerIdentity: (_, { raw }) => mismatch(new X509Certificate(raw), wanted),
  };
}

/** Why a certificate has none of these names; undefined where it has one. The common name of its subject is none (RFC 9525, section 2). */
function mismatch(certificate: X509Certificate, names: readonly string[]): Error | undefined {
  const uris = names.some(isUri) ? extensionsOf(certificate).uris : [];
  const isOne = (name: string) =>
    isUri(name)
      ? uris.includes(name)
      : certificate.checkHost(name, { subject: 'never', partialWildcards: false }) !== undefined;
  if (names.some(isOne)) return undefined;
  const shown = certificate.subjectAltName?.slice(0, 300) ?? 'no name';
  return new Error(`the certificate is for ${shown}, not for ${names.join(' or ')}`);
}

function isUri(name: string): boolean {
  return name.includes('://');
}

function systemRoots(): string[] {
  const own = tls.getCACertificates('system');
  return own.length > 0 ? own : tls.getCACertificates('bundled');
}
