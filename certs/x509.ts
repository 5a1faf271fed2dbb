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
/** A verifier whose clock is that far behind ours still accepts a certificate we have just made: well beyond what is tolerated elsewhere, for a link that is refused costs requests. */
export const backdateMs = 3600_000;
const commonName = '2.5.4.3';
/** ub-common-name of RFC 5280, appendix A.1. */
const commonNameMax = 64;
/** How keys of each kind sign: RFC 5758, section 3.2, and RFC 4055, section 5. */
const signatures: Readonly<Record<string, SignatureScheme>> = {
  prime256v1: scheme('sha256', '1.2.840.10045.4.3.2'),
  secp384r1: scheme('sha384', '1.2.840.10045.4.3.3'),
  secp521r1: scheme('sha512', '1.2.840.10045.4.3.4'),
  rsa: scheme('sha256', '1.2.840.113549.1.1.11', new Uint8Array([5, 0]).buffer),
};

interface SignatureScheme {
  readonly hash: string;
  readonly algorithm: AlgorithmIdentifier;
}

function scheme(hash: string, algorithm: string, parameters?: ArrayBuffer): SignatureScheme {
  return {
    hash,
    algorithm: new AlgorithmIdentifier({ algorithm, ...(parameters && { parameters }) }),
  };
}

/** Undefined for a kind of key that nothing is signed with here. */
export function signatureSchemeOf(key: KeyObject): SignatureScheme | undefined {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  return signatures[(type === 'ec' ? details?.namedCurve : type) ?? ''];
}

interface RootRequest {
  readonly trustDomain: TrustDomain;
  /** The P-256 private key that the certificate is for and signed by. */
  readonly key: KeyObject;
  /** Wall milliseconds. */
  readonly now: number;
  /** When it begins at the earliest, wall milliseconds; default a while ago. */
  readonly notBefore?: number | undefined;
  /** The authority that signs it; default its own key. */
  readonly issuer?: Issuer | undefined;
}

interface Issuer {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
  /** Wall milliseconds between which all above the root is valid. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/**
 * A root, as DER, self-signed unless there is an issuer: for leaves of its own trust domain only (a path length of 0, and a critical
 * name constraint that holds even where a verifier knows nothing of SPIFFE), valid for ten years, or as long as its issuer is.
 */
export function makeRoot(request: RootRequest): Buffer {
  const { trustDomain, key, now, issuer } = request;
  const name = nameOf(trustDomain);
  const publicKey = publicKeyInfo(key);
  const notBefore = Math.max(now - backdateMs, request.notBefore ?? 0, issuer?.notBefore ?? 0);
  const notAfter = Math.min(now + rootLifetimeMs, issuer?.notAfter ?? Number.POSITIVE_INFINITY);
  const uri = new GeneralName({ uniformResourceIdentifier: `spiffe://${trustDomain}` });
  const ownDomain = new GeneralName({ uniformResourceIdentifier: trustDomain });
  return signed(issuer?.key ?? key, {
    issuer: issuer ? subjectOf(issuer.certificate) : name,
    subject: name,
    validity: validity(notBefore, notAfter),
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
      ...(issuer ? authorityKeyIdentifier(issuer.certificate) : []),
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

export interface LeafCertificateRequest {
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
  /** Default both ends of TLS. */
  readonly purpose?: 'client' | undefined;
}

/** A leaf, as DER: an X509-SVID with exactly one URI name, its SPIFFE ID. */
export function makeLeaf(request: LeafCertificateRequest): Buffer {
  const { id, root, now, purpose } = request;
  const purposes = [...(purpose === 'client' ? [] : [id_kp_serverAuth]), id_kp_clientAuth];
  const publicKey = publicKeyInfo(request.publicKey);
  const names = [
    new GeneralName({ uniformResourceIdentifier: id.uri }),
    ...request.dnsNames.map((dNSName) => new GeneralName({ dNSName })),
    ...request.ipAddresses.map((iPAddress) => new GeneralName({ iPAddress })),
  ];
  return signed(request.rootKey, {
    issuer: subjectOf(root),
    subject: nameOf(id.path),
    validity: validity(now - backdateMs, Math.min(request.notAfter, root.validToDate.getTime())),
    subjectPublicKeyInfo: publicKey,
    extensions: new Extensions([
      critical(id_ce_basicConstraints, new BasicConstraints({ cA: false })),
      critical(id_ce_keyUsage, keyUsage(KeyUsageFlags.digitalSignature)),
      plain(id_ce_extKeyUsage, new ExtendedKeyUsage(purposes)),
      plain(id_ce_subjectAltName, new SubjectAlternativeName(names)),
      plain(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyIdentifier(publicKey))),
      ...authorityKeyIdentifier(root),
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
  const made = signatureSchemeOf(key);
  if (made === undefined) throw new Error(`no certificate is signed by ${key.asymmetricKeyType}`);
  const tbsCertificate = new TBSCertificate({
    ...content,
    version: Version.v3,
    serialNumber: serialNumber(),
    signature: made.algorithm,
  });
  const signatureValue = sign(made.hash, Buffer.from(AsnConvert.serialize(tbsCertificate)), key);
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm: made.algorithm,
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

function subjectOf({ raw }: X509Certificate): Name {
  return AsnConvert.parse(raw, Certificate).tbsCertificate.subject;
}

/** The identifier that the issuer says of its own key; none where it says none (RFC 5280, section 4.2.1.1). */
function authorityKeyIdentifier({ raw }: X509Certificate): Extension[] {
  const { extensions = [] } = AsnConvert.parse(raw, Certificate).tbsCertificate;
  const own = extensions.find(({ extnID }) => extnID === id_ce_subjectKeyIdentifier);
  if (own === undefined) return [];
  const { buffer } = AsnConvert.parse(own.extnValue.buffer, SubjectKeyIdentifier);
  const keyIdentifier = new KeyIdentifier(buffer);
  return [plain(id_ce_authorityKeyIdentifier, new AuthorityKeyIdentifier({ keyIdentifier }))];
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
