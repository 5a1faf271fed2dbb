/** Owns reading from a root whether its authority is limited to one trust domain (RFC 5280, section 4.2.1.10). */
import type { X509Certificate } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import { Certificate, id_ce_nameConstraints, NameConstraints } from '@peculiar/asn1-x509';

/** True when a critical name constraint permits this trust domain's URIs and no others. */
export function isConstrainedTo(root: X509Certificate, trustDomain: string): boolean {
  const { extensions } = AsnConvert.parse(root.raw, Certificate).tbsCertificate;
  const extension = extensions?.find(({ extnID }) => extnID === id_ce_nameConstraints);
  if (!extension?.critical) return false;
  const { permittedSubtrees } = AsnConvert.parse(extension.extnValue.buffer, NameConstraints);
  const uris = [...(permittedSubtrees ?? [])].flatMap(
    ({ base }) => base.uniformResourceIdentifier ?? [],
  );
  return uris.length > 0 && uris.every((uri) => uri === trustDomain);
}
