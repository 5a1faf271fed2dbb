/** Owns reading what `node:crypto` does not tell of a certificate: its extensions (RFC 5280, section 4.2). */
import type { X509Certificate } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  type Extension,
  type GeneralSubtree,
  id_ce_basicConstraints,
  id_ce_certificatePolicies,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  id_ce_subjectAltName,
  id_kp_clientAuth,
  id_kp_serverAuth,
  KeyUsage,
  KeyUsageFlags,
  NameConstraints,
  SubjectAlternativeName,
} from '@peculiar/asn1-x509';
import { IsthmusError } from '../core/errors.ts';

/** The extensions of a certificate, as far as verifying an X509-SVID needs them. */
interface Extensions {
  readonly ca: boolean;
  /** How many intermediates may follow this authority; undefined = any number. */
  readonly pathLength: number | undefined;
  readonly digitalSignature: boolean;
  readonly keyCertSign: boolean;
  readonly crlSign: boolean;
  /** Fit for both ends of TLS; a certificate that lists no purposes is fit for all. */
  readonly bothEndsOfTls: boolean;
  /** OIDs of the purposes that it lists. */
  readonly purposes: readonly string[];
  /** The URI names. */
  readonly uris: readonly string[];
  /** The DNS names, as written. */
  readonly dnsNames: readonly string[];
  /** Hosts that URI names below this authority must be in; undefined = no such constraint. */
  readonly permittedHosts: readonly string[] | undefined;
  /** Hosts that no URI name below this authority may be in. */
  readonly excludedHosts: readonly string[];
  /** A critical extension that is not known here, whose bearer must therefore be refused. */
  readonly unknownCritical: string | undefined;
}

const known = new Set<string>([
  id_ce_basicConstraints,
  id_ce_certificatePolicies,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  id_ce_subjectAltName,
]);

/** Reads the extensions of a certificate. Throws CERT_INVALID when they are not well formed. */
export function extensionsOf(certificate: X509Certificate): Extensions {
  try {
    return read(AsnConvert.parse(certificate.raw, Certificate).tbsCertificate.extensions ?? []);
  } catch (cause) {
    throw new IsthmusError('CERT_INVALID', {
      what: 'The extensions of the certificate are not well formed',
      where: certificate.subject,
      cause,
    });
  }
}

function read(extensions: readonly Extension[]): Extensions {
  const byId = new Map(extensions.map((extension) => [extension.extnID, extension]));
  if (byId.size < extensions.length) throw new Error('an extension is there twice');

  function parse<T>(id: string, type: new () => T): T | undefined {
    const extension = byId.get(id);
    return extension && AsnConvert.parse(extension.extnValue.buffer, type);
  }

  const basic = parse(id_ce_basicConstraints, BasicConstraints);
  const usage = parse(id_ce_keyUsage, KeyUsage)?.toNumber() ?? 0;
  const purposes = parse(id_ce_extKeyUsage, ExtendedKeyUsage);
  const names = [...(parse(id_ce_subjectAltName, SubjectAlternativeName) ?? [])];
  const constraints = parse(id_ce_nameConstraints, NameConstraints);
  const permitted = hostsOf(constraints?.permittedSubtrees);
  return {
    ca: basic?.cA ?? false,
    pathLength: basic?.pathLenConstraint,
    digitalSignature: (usage & KeyUsageFlags.digitalSignature) !== 0,
    keyCertSign: (usage & KeyUsageFlags.keyCertSign) !== 0,
    crlSign: (usage & KeyUsageFlags.cRLSign) !== 0,
    bothEndsOfTls:
      purposes === undefined ||
      (purposes.includes(id_kp_serverAuth) && purposes.includes(id_kp_clientAuth)),
    purposes: [...(purposes ?? [])],
    uris: names.flatMap((name) => name.uniformResourceIdentifier ?? []),
    dnsNames: names.flatMap((name) => name.dNSName ?? []),
    permittedHosts: permitted.length > 0 ? permitted : undefined,
    excludedHosts: hostsOf(constraints?.excludedSubtrees),
    unknownCritical: extensions.find(({ critical, extnID }) => critical && !known.has(extnID))
      ?.extnID,
  };
}

/** Constraints on other kinds of names are passed over: only a URI name identifies anyone here. */
function hostsOf(subtrees: readonly GeneralSubtree[] | undefined): string[] {
  return (subtrees ?? []).flatMap(({ base }) => base.uniformResourceIdentifier ?? []);
}
