/** Owns the enterprise's authority under which a cluster's root can be made: reading it from files, and what speaks against it. */
import type { KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { IsthmusError, messageOf } from '../core/errors.ts';
import { readSecret } from '../core/files.ts';
import { issued, objectionToIssuer } from './chain.ts';
import { extensionsOf } from './extensions.ts';
import { readPkcs12 } from './pkcs12.ts';
import { readPrivateKey } from './private-key.ts';
import { parseCertificates } from './server-certificate.ts';
import type { TrustDomain } from './spiffe-id.ts';
import { signatureSchemeOf } from './x509.ts';

export interface ParentFiles {
  /** PEM: the authority's certificate, then those of the authorities above it; or PKCS#12, which has the key too. */
  readonly certificate: string;
  /** PEM; default the file of the certificate. */
  readonly key?: string | undefined;
  /** The password is its first line. */
  readonly passwordFile?: string | undefined;
}

/** An authority that may sign a cluster's root. Its key is read when one is made, and kept nowhere. */
export interface ParentAuthority {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
  /** The authority and those above it, the nearest first, without the one at the top: shown with each certificate, for those who know that one alone. */
  readonly above: readonly X509Certificate[];
  /** Wall milliseconds between which all of them are valid. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Shown chains stay shorter than the eight certificates that a verifier here looks at. */
const maxAbove = 4;
const minRsaBits = 2048;

/**
 * Reads the authority, for a root of `trustDomain` that is made at wall time `now`. Throws FILE_UNREADABLE, CERT_INVALID, KEY_UNREADABLE,
 * KEY_PASSWORD_WRONG, PARENT_KEY_UNFIT, PARENT_KEY_MISMATCH, PARENT_EXPIRED or PARENT_UNFIT.
 */
export async function readParentAuthority(
  files: ParentFiles,
  trustDomain: TrustDomain,
  now: number,
): Promise<ParentAuthority> {
  const { key, certificates } = await read(files);
  const { certificate: where } = files;
  const refuse = (code: RefusalCode, what: string): IsthmusError =>
    new IsthmusError(code, { what, where });

  if (!isFit(key))
    throw refuse('PARENT_KEY_UNFIT', `The enterprise authority's key is ${kindOf(key)}`);
  const certificate = certificates.find((one) => one.checkPrivateKey(key));
  if (certificate === undefined) {
    throw refuse('PARENT_KEY_MISMATCH', 'No certificate of the file is that of the private key');
  }
  const path = pathFrom(certificate, certificates);
  for (const [i, one] of path.entries()) {
    const name = one.subject.replaceAll('\n', ', ');
    const [from, until] = [one.validFromDate.getTime(), one.validToDate.getTime()];
    if (now < from || now > until) {
      const when = now < from ? `is not valid before ${iso(from)}` : `expired at ${iso(until)}`;
      throw refuse('PARENT_EXPIRED', `The certificate of ${name} ${when}`);
    }
    // The cluster's root is between the nearest of them and a leaf.
    const why = objectionToIssuer(one, i + 1, trustDomain) ?? objectionToPurpose(one);
    if (why !== undefined) throw refuse('PARENT_UNFIT', `${name} ${why}`);
  }
  const above = path.filter((one) => !isSelfIssued(one));
  if (above.length > maxAbove) {
    throw refuse(
      'PARENT_UNFIT',
      `There are ${above.length} authorities between the cluster's root and that at the top, where ${maxAbove} are the most`,
    );
  }
  return {
    certificate,
    key,
    above,
    notBefore: Math.max(...path.map(({ validFromDate }) => validFromDate.getTime())),
    notAfter: Math.min(...path.map(({ validToDate }) => validToDate.getTime())),
  };
}

type RefusalCode = 'PARENT_KEY_UNFIT' | 'PARENT_KEY_MISMATCH' | 'PARENT_EXPIRED' | 'PARENT_UNFIT';

interface Read {
  readonly key: KeyObject;
  readonly certificates: readonly X509Certificate[];
}

async function read({ certificate, key, passwordFile }: ParentFiles): Promise<Read> {
  const password =
    passwordFile === undefined ? undefined : firstLine(await readSecret(passwordFile));
  const content = await readBytes(certificate);
  const text = content.toString('latin1');
  try {
    if (!text.includes('-----BEGIN ')) return await readPkcs12(content, password ?? '');
    const certificates = parseCertificates(text);
    if (certificates.length === 0) {
      throw new IsthmusError('CERT_INVALID', { what: 'There is no certificate' });
    }
    const keyText = key === undefined ? text : await readSecret(key);
    return { key: await readPrivateKey(keyText, password), certificates };
  } catch (thrown) {
    if (!(thrown instanceof IsthmusError) || thrown.where !== undefined) throw thrown;
    const { code, message, fix } = thrown;
    const where = code.startsWith('KEY_') ? (key ?? certificate) : certificate;
    throw new IsthmusError(code, { what: message, where, fix });
  }
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new IsthmusError('FILE_UNREADABLE', { what: messageOf(cause), where: path, cause });
  }
}

function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0] ?? '';
}

/** From the authority up to the last one that is there, each signed by the next. */
function pathFrom(
  lowest: X509Certificate,
  certificates: readonly X509Certificate[],
): X509Certificate[] {
  const path = [lowest];
  for (let top = lowest; !isSelfIssued(top) && path.length <= certificates.length; ) {
    const next = certificates.find((one) => one !== top && issued(one, top));
    if (next === undefined) break;
    path.push(next);
    top = next;
  }
  return path;
}

function isFit(key: KeyObject): boolean {
  const bits = key.asymmetricKeyDetails?.modulusLength ?? minRsaBits;
  return signatureSchemeOf(key) !== undefined && bits >= minRsaBits;
}

function kindOf({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): string {
  const size = details?.namedCurve ?? (details?.modulusLength && `${details.modulusLength} bits`);
  return size === undefined ? `${type}` : `${type} of ${size}`;
}

/** Purposes that an authority lists hold for all below it, as OpenSSL and browsers see it. */
function objectionToPurpose(certificate: X509Certificate): string | undefined {
  return extensionsOf(certificate).bothEndsOfTls ? undefined : 'is not for both ends of TLS';
}

function isSelfIssued({ subject, issuer }: X509Certificate): boolean {
  return subject === issuer;
}

function iso(wallMs: number): string {
  return new Date(wallMs).toISOString();
}
