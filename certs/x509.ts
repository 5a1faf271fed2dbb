/** Owns making X.509 certificates (RFC 5280, SPIFFE X509-SVID): a cluster's root and the leaves it issues, ECDSA P-256. */
import {
  createHash,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign,
  type X509Certificate,
} from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_clientAuth,
  id_kp_serverAuth,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  NameConstraints,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Time,
  Validity,
  Version,
} from '@peculiar/asn1-x509';
import type { SpiffeId, TrustDomain } from './spiffe-id.ts';

const rootLifetimeMs = 10 * 365.25 * 24 * 3600_000;
const selfSignedLifetimeMs = 24 * 3600_000;
/** How far clocks may be apart. */
export const clockToleranceMs = 5 * 60_000;
/** A verifier whose clock is that far behind ours still accepts a certificate we have just made, and a slow handshake with it. */
export const backdateMs = clockToleranceMs + 60_000;
const commonName = '2.5.4.3';
/** ub-common-name of RFC 5280, appendix A.1. */
const commonNameMax = 64;
const ecdsaWithSha256 = new AlgorithmIdentifier({ algorithm: '1.2.840.10045.4.3.2' });

interface RootRequest {
  readonly trustDomain: TrustDomain;
  /** The P-256 private key that the certificate is for and signed by. */
  readonly key: KeyObject;
  /** Wall milliseconds. */
  readonly now: number;
}

/**
 * A self-signed root, as DER: for leaves of its own trust domain only (a path length of 0, and a critical
 * name constraint that holds even where a verifier knows nothing of SPIFFE), valid for ten years.
 */
export function makeRoot(request: RootRequest): Buffer {
  const { trustDomain, key, now } = request;
  const name = nameOf(trustDomain);
  const publicKey = publicKeyInfo(key);
  const uri = new GeneralName({ uniformResourceIdentifier: `spiffe://${trustDomain}` });
  const ownDomain = new GeneralName({ uniformResourceIdentifier: trustDomain });
  return signed(key, {
    issuer: name,
    subject: name,
    validity: validity(now - backdateMs, now + rootLifetimeMs),
    subjectPublicKeyInfo: publicKey,
    extensions: new Extensions([
      critical(id_ce_basicConstraints, new BasicConstraints({ cA: true, pathLenConstraint: 0 })),
      critical(id_ce_keyUsage, keyUsage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign)),
      critical(
        id_ce_nameConstraints,
        new NameConstraints({
          permittedSubtrees: new GeneralSubtrees([new GeneralSubtree({ base: ownDomain })]),
        }),
      ),
      plain(id_ce_subjectAltName, new SubjectAlternativeName([uri])),
      plain(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyIdentifier(publicKey))),
    ]),
  });
}

interface SelfSignedRequest {
  readonly dnsName: string;
  /** The P-256 private key that the certificate is for and signed by. */
  readonly key: KeyObject;
  /** Wall milliseconds. */
  readonly now: number;
}

/** A certificate of nobody else's, as DER, for both ends of TLS: who is handed it trusts it alone. Valid for a day. */
export function makeSelfSigned({ dnsName, key, now }: SelfSignedRequest): Buffer {
  const name = nameOf(dnsName);
  return signed(key, {
    issuer: name,
    subject: name,
    validity: validity(now - backdateMs, now + selfSignedLifetimeMs),
    subjectPublicKeyInfo: publicKeyInfo(key),
    extensions: new Extensions([
      critical(id_ce_basicConstraints, new BasicConstraints({ cA: false })),
      critical(id_ce_keyUsage, keyUsage(KeyUsageFlags.digitalSignature)),
      plain(id_ce_extKeyUsage, new ExtendedKeyUsage([id_kp_serverAuth, id_kp_clientAuth])),
      plain(
        id_ce_subjectAltName,
        new SubjectAlternativeName([new GeneralName({ dNSName: dnsName })]),
      ),
    ]),
  });
}

interface LeafCertificateRequest {
  readonly id: SpiffeId;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  /** The subject's key. */
  readonly publicKey: KeyObject;
  readonly root: X509Certificate;
  readonly rootKey: KeyObject;
  /** Wall milliseconds. */
  readonly now: number;
  /** Wall milliseconds; an earlier end of the root's wins. */
  readonly notAfter: number;
}

/** A leaf for both ends of TLS, as DER: an X509-SVID with exactly one URI name, its SPIFFE ID. */
export function makeLeaf(request: LeafCertificateRequest): Buffer {
  const { id, root, now } = request;
  const publicKey = publicKeyInfo(request.publicKey);
  const names = [
    new GeneralName({ uniformResourceIdentifier: id.uri }),
    ...request.dnsNames.map((dNSName) => new GeneralName({ dNSName })),
    ...request.ipAddresses.map((iPAddress) => new GeneralName({ iPAddress })),
  ];
  return signed(request.rootKey, {
    issuer: AsnConvert.parse(root.raw, Certificate).tbsCertificate.subject,
    subject: nameOf(id.path),
    validity: validity(now - backdateMs, Math.min(request.notAfter, root.validToDate.getTime())),
    subjectPublicKeyInfo: publicKey,
    extensions: new Extensions([
      critical(id_ce_basicConstraints, new BasicConstraints({ cA: false })),
      critical(id_ce_keyUsage, keyUsage(KeyUsageFlags.digitalSignature)),
      plain(id_ce_extKeyUsage, new ExtendedKeyUsage([id_kp_serverAuth, id_kp_clientAuth])),
      plain(id_ce_subjectAltName, new SubjectAlternativeName(names)),
      plain(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyIdentifier(publicKey))),
      plain(
        id_ce_authorityKeyIdentifier,
        new AuthorityKeyIdentifier({
          keyIdentifier: new KeyIdentifier(keyIdentifier(publicKeyInfo(root.publicKey))),
        }),
      ),
    ]),
  });
}

/** SHA-256 of a certificate's DER, base64url: how a root is named in tokens, signatures and on screens. */
export function fingerprintOf(certDer: Uint8Array): string {
  return createHash('sha256').update(certDer).digest('base64url');
}

/** A certificate's DER as PEM (RFC 7468). */
export function pemOf(certDer: Uint8Array): string {
  const lines =
    Buffer.from(certDer)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/** A private key as PKCS#8 PEM. */
export function keyPemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

type ToBeSigned = Pick<
  TBSCertificate,
  'issuer' | 'subject' | 'validity' | 'subjectPublicKeyInfo' | 'extensions'
>;

function signed(key: KeyObject, content: ToBeSigned): Buffer {
  const tbsCertificate = new TBSCertificate({
    ...content,
    version: Version.v3,
    serialNumber: serialNumber(),
    signature: ecdsaWithSha256,
  });
  const signatureValue = sign('sha256', Buffer.from(AsnConvert.serialize(tbsCertificate)), key);
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm: ecdsaWithSha256,
    signatureValue: bytes(signatureValue),
  });
  return Buffer.from(AsnConvert.serialize(certificate));
}

/** 20 octets, the most RFC 5280 allows, positive and never shorter: 158 random bits. */
function serialNumber(): ArrayBuffer {
  const serial = randomBytes(20);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return bytes(serial);
}

function validity(notBefore: number, notAfter: number): Validity {
  const validity = new Validity();
  validity.notBefore = new Time(new Date(notBefore));
  validity.notAfter = new Time(new Date(notAfter));
  return validity;
}

function nameOf(text: string): Name {
  const value = new AttributeValue({ utf8String: text.slice(0, commonNameMax) });
  const attribute = new AttributeTypeAndValue({ type: commonName, value });
  return new Name([new RelativeDistinguishedName([attribute])]);
}

function publicKeyInfo(key: KeyObject): SubjectPublicKeyInfo {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return AsnConvert.parse(publicKey.export({ type: 'spki', format: 'der' }), SubjectPublicKeyInfo);
}

/** RFC 7093, section 2, method 1. */
function keyIdentifier(publicKey: SubjectPublicKeyInfo): ArrayBuffer {
  const digest = createHash('sha256').update(Buffer.from(publicKey.subjectPublicKey)).digest();
  return bytes(digest.subarray(0, 20));
}

function keyUsage(flags: number): KeyUsage {
  return new KeyUsage(flags);
}

function critical(extnID: string, value: unknown): Extension {
  return extension(extnID, true, value);
}

function plain(extnID: string, value: unknown): Extension {
  return extension(extnID, false, value);
}

function extension(extnID: string, isCritical: boolean, value: unknown): Extension {
  const extnValue = new OctetString(AsnConvert.serialize(value));
  return new Extension({ extnID, critical: isCritical, extnValue });
}

function bytes(buffer: Uint8Array): ArrayBuffer {
  return new Uint8Array(buffer).buffer;
}
