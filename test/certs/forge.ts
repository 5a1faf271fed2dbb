/** Owns certificates with defects, for the tests that must see them refused. */
import {
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import * as asn1 from '@peculiar/asn1-x509';
import { pemOf } from '../../certs/x509.ts';

/** A certificate and the key it is for. */
export interface Forged {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
}

export interface ForgeRequest {
  readonly name: string;
  /** Default: itself. */
  readonly issuer?: Forged;
  /** Default none. */
  readonly uris?: readonly string[];
  readonly dnsNames?: readonly string[];
  /** Default false. */
  readonly ca?: boolean;
  readonly pathLength?: number;
  /** Bits of `asn1.KeyUsageFlags`; default what an authority or a leaf needs. */
  readonly usage?: number;
  /** OIDs; default no such extension. */
  readonly purposes?: readonly string[];
  readonly permittedHosts?: readonly string[];
  readonly excludedHosts?: readonly string[];
  /** OID of an extension without meaning that is marked critical. */
  readonly unknownCritical?: string;
  /** Default from an hour ago to in an hour. */
  readonly notBefore?: number;
  readonly notAfter?: number;
  /** Default ECDSA with SHA-256. */
  readonly signature?: { readonly oid: string; readonly digest: string };
}

const hour = 3600_000;
export const authorityUsage = asn1.KeyUsageFlags.keyCertSign | asn1.KeyUsageFlags.cRLSign;
export const leafUsage = asn1.KeyUsageFlags.digitalSignature;

export function forge(request: ForgeRequest): Forged {
  const { ca = false, signature = { oid: '1.2.840.10045.4.3.2', digest: 'sha256' } } = request;
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = new asn1.AlgorithmIdentifier({ algorithm: signature.oid });
  const subject = nameOf(request.name);
  const tbsCertificate = new asn1.TBSCertificate({
    version: asn1.Version.v3,
    serialNumber: new Uint8Array([1, ...randomBytes(15)]).buffer,
    signature: algorithm,
    issuer: request.issuer ? subjectOf(request.issuer.certificate) : subject,
    subject,
    validity: Object.assign(new asn1.Validity(), {
      notBefore: new asn1.Time(new Date(request.notBefore ?? Date.now() - hour)),
      notAfter: new asn1.Time(new Date(request.notAfter ?? Date.now() + hour)),
    }),
    subjectPublicKeyInfo: AsnConvert.parse(
      publicKey.export({ type: 'spki', format: 'der' }),
      asn1.SubjectPublicKeyInfo,
    ),
    extensions: new asn1.Extensions([...extensionsOf({ ...request, ca })]),
  });
  const bytes = Buffer.from(AsnConvert.serialize(tbsCertificate));
  const value = sign(signature.digest, bytes, request.issuer?.key ?? privateKey);
  const certificate = new asn1.Certificate({
    tbsCertificate,
    signatureAlgorithm: algorithm,
    signatureValue: new Uint8Array(value).buffer,
  });
  return {
    certificate: new X509Certificate(Buffer.from(AsnConvert.serialize(certificate))),
    key: privateKey,
  };
}

/** What `node:tls` takes, for a peer that presents these certificates, its own first. */
export function tlsCredentials(own: Forged, ...others: readonly X509Certificate[]) {
  return {
    cert: [own.certificate, ...others].map((certificate) => pemOf(certificate.raw)).join(''),
    key: own.key.export({ type: 'pkcs8', format: 'pem' }),
  };
}

function* extensionsOf(request: ForgeRequest & { readonly ca: boolean }) {
  const { ca, pathLength, usage = ca ? authorityUsage : leafUsage } = request;
  yield extension(
    asn1.id_ce_basicConstraints,
    true,
    new asn1.BasicConstraints({
      cA: ca,
      ...(pathLength !== undefined && { pathLenConstraint: pathLength }),
    }),
  );
  yield extension(asn1.id_ce_keyUsage, true, new asn1.KeyUsage(usage));
  if (request.purposes) {
    const purposes = new asn1.ExtendedKeyUsage([...request.purposes]);
    yield extension(asn1.id_ce_extKeyUsage, false, purposes);
  }
  const names = [
    ...(request.uris ?? []).map(uriName),
    ...(request.dnsNames ?? []).map((dNSName) => new asn1.GeneralName({ dNSName })),
  ];
  if (names.length > 0) {
    yield extension(asn1.id_ce_subjectAltName, false, new asn1.SubjectAlternativeName(names));
  }
  if (request.permittedHosts || request.excludedHosts) {
    yield extension(
      asn1.id_ce_nameConstraints,
      true,
      new asn1.NameConstraints({
        ...(request.permittedHosts && { permittedSubtrees: subtrees(request.permittedHosts) }),
        ...(request.excludedHosts && { excludedSubtrees: subtrees(request.excludedHosts) }),
      }),
    );
  }
  if (request.unknownCritical) {
    yield extension(request.unknownCritical, true, new asn1.BasicConstraints({ cA: false }));
  }
}

function extension(extnID: string, critical: boolean, value: unknown): asn1.Extension {
  const extnValue = new OctetString(AsnConvert.serialize(value));
  return new asn1.Extension({ extnID, critical, extnValue });
}

function uriName(uniformResourceIdentifier: string): asn1.GeneralName {
  return new asn1.GeneralName({ uniformResourceIdentifier });
}

function subtrees(hosts: readonly string[]): asn1.GeneralSubtrees {
  return new asn1.GeneralSubtrees(
    hosts.map((host) => new asn1.GeneralSubtree({ base: uriName(host) })),
  );
}

function nameOf(text: string): asn1.Name {
  const value = new asn1.AttributeValue({ utf8String: text });
  const attribute = new asn1.AttributeTypeAndValue({ type: '2.5.4.3', value });
  return new asn1.Name([new asn1.RelativeDistinguishedName([attribute])]);
}

function subjectOf(certificate: X509Certificate): asn1.Name {
  return AsnConvert.parse(certificate.raw, asn1.Certificate).tbsCertificate.subject;
}
