/** Owns whether a key made a signature: ECDSA P-256 with SHA-256, and no other kind. */
import { type KeyObject, verify } from 'node:crypto';

/** `value`: the signature in IEEE P1363 form, base64url. */
export function isSignedBy(key: KeyObject, bytes: Uint8Array, value: string): boolean {
  if (key.asymmetricKeyType !== 'ec') return false;
  const how = { key, dsaEncoding: 'ieee-p1363' } as const;
  return verify('sha256', bytes, how, Buffer.from(value, 'base64url'));
}
