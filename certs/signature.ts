/** Owns proof by a cluster's CA key over bytes: ECDSA P-256 with SHA-256, named by the root it verifies under. */
import { type KeyObject, sign, verify, type X509Certificate } from 'node:crypto';
import { fingerprintOf } from './x509.ts';

export interface Signature {
  /** SHA-256 of the signing root certificate's DER, base64url. */
  readonly keyId: string;
  /** The signature in IEEE P1363 form, base64url. */
  readonly value: string;
}

export function signBytes(key: KeyObject, keyId: string, bytes: Uint8Array): Signature {
  const value = sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' });
  return { keyId, value: value.toString('base64url') };
}

/** Whether the signature says that it is by one of `roots`; that it is, `verifySignature` tells. */
export function namesOneOf(roots: readonly X509Certificate[], { keyId }: Signature): boolean {
  return rootNamed(roots, keyId) !== undefined;
}

function rootNamed(roots: readonly X509Certificate[], keyId: string): X509Certificate | undefined {
  return roots.find((candidate) => fingerprintOf(candidate.raw) === keyId);
}

/** True when one of `roots` is the one the signature names and its key made the signature over exactly `bytes`. */
export function verifySignature(
  roots: readonly X509Certificate[],
  bytes: Uint8Array,
  signature: Signature,
): boolean {
  const root = rootNamed(roots, signature.keyId);
  if (root === undefined || root.publicKey.asymmetricKeyType !== 'ec') return false;
  const key = { key: root.publicKey, dsaEncoding: 'ieee-p1363' } as const;
  return verify('sha256', bytes, key, Buffer.from(signature.value, 'base64url'));
}
