/** Owns people and programs that show a certificate of the configured authority: who they are, and as what they are let in. */
import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { AdminConfig } from '../../config/admin.ts';
import type { Principal } from './principal.ts';

type CertificateRule = NonNullable<AdminConfig['auth']>['clientCertificates'][number];

/**
 * The principal that the connection's certificate names; undefined without a certificate, without a rule for it, or where nobody vouches
 * for it.
 */
export function certified(
  socket: Socket,
  rules: readonly CertificateRule[],
  isVouchedFor: (socket: TLSSocket) => boolean,
): Principal | undefined {
  if (!(socket instanceof TLSSocket) || !isVouchedFor(socket)) return undefined;
  const certificate = socket.getPeerX509Certificate();
  return certificate && namedBy(certificate, rules);
}

/** The first rule for a certificate decides. */
function namedBy(
  { subject, subjectAltName }: Pick<X509Certificate, 'subject' | 'subjectAltName'>,
  rules: readonly CertificateRule[],
): Principal | undefined {
  // Node writes one attribute a line, and escapes what a value has of commas and line breaks.
  const whole = subject.replaceAll('\n', ', ');
  const spiffe = spiffeOf(subjectAltName);
  for (const rule of rules) {
    const name = rule.spiffe ?? rule.subject?.split(/,\s*/).join(', ');
    if (name !== undefined && name === (rule.spiffe ? spiffe : whole)) {
      return { name, role: rule.role, via: 'certificate' };
    }
  }
  return undefined;
}

/** The one URI that an X.509-SVID has; of several none counts (SPIFFE X.509-SVID, section 2). */
function spiffeOf(subjectAltName: string | undefined): string | undefined {
  // Node quotes names that hold separators: somebody is being clever.
  if (subjectAltName === undefined || subjectAltName.includes('"')) return undefined;
  const uris = subjectAltName.split(', ').filter((name) => name.startsWith('URI:'));
  return uris.length === 1 ? uris[0]?.slice('URI:'.length) : undefined;
}
