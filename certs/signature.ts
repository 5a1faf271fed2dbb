/** Owns proof by a cluster's CA key over bytes: ECDSA P-256 with SHA-256, named by the root it verifies under. */
import { type KeyObject, sign, type X509Certificate } from 'node:crypto';
import { isSignedBy } from './signed-by.ts';
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
  return roots.find((candidate) => keyIdOf(candidate) === keyId);
}

/** Of thousands of signatures in a row each names a root. */
const keyIds = new WeakMap<X509Certificate, string>();

/** How signatures by a root name it. */
export function keyIdOf(root: X509Certificate): string {
  const known = keyIds.get(root) ?? fingerprintOf(root.raw);
  keyIds.set(root, known);
  return known;
}

/** True when one of `roots` is the one the signature names and its key made the signature over exactly `bytes`. */
export function verifySignature(
  roots: readonly X509Certificate[],
  bytes: Uint8Array,
  signature: Signature,
): boolean {
  const root = rootNamed(roots, signature.keyId);
  return root !== undefined && isSignedBy(root.publicKey, bytes, signature.value);
}
