/** Owns the proof that a record comes from its cluster: signing and sealing it, and verifying it as it was stored. */
import type { X509Certificate } from 'node:crypto';
import { namesOneOf, verifySignature } from '../certs/signature.ts';
import { IsthmusError } from '../core/errors.ts';
import { type Signature, signatureSchema } from './model.ts';
import { signedBytes } from './signed-bytes.ts';

/** Signs for a cluster; its `Authority` does. */
export interface Signer {
  sign(bytes: Uint8Array): Signature;
}

/** Seals for a cluster, so that its own gateways believe the sealed bytes; its `Authority` does. */
export interface Sealer {
  seal(bytes: Uint8Array): string;
  isSeal(bytes: Uint8Array, seal: string): boolean;
}

export function signRecord<R extends object>(
  key: string,
  record: R,
  signer: Signer,
): R & { signature: Signature } {
  return { ...record, signature: signer.sign(signedBytes(key, record)) };
}

/**
 * Verifies a record as it was stored (`raw`: parsed JSON that no schema has stripped), so that fields a newer version
 * added are part of the proof here too. `isProven`: that the root which the signature names made it is known already.
 * Throws RECORD_UNSIGNED.
 */
export function verifyRecord(
  key: string,
  raw: unknown,
  roots: readonly X509Certificate[],
  isProven = false,
): void {
  const signature = signatureSchema.safeParse((raw as { signature?: unknown } | null)?.signature);
  if (!signature.success) {
    throw new IsthmusError('RECORD_UNSIGNED', {
      what: 'The record carries no signature',
      where: key,
    });
  }
  if (!namesOneOf(roots, signature.data)) {
    throw new IsthmusError('RECORD_UNSIGNED', {
      what: `The signature is by ${signature.data.keyId}, which is not a root this cluster is trusted for`,
      where: key,
    });
  }
  if (!isProven && !verifySignature(roots, signedBytes(key, raw as object), signature.data)) {
    throw new IsthmusError('RECORD_UNSIGNED', {
      what: 'It is not what was signed: it was altered, or the signature belongs to something else',
      where: key,
    });
  }
}

export function sealRecord<R extends object>(
  key: string,
  record: R,
  sealer: Sealer,
): R & { seal: string } {
  return { ...record, seal: sealer.seal(sealedBytes(key, record)) };
}

/**
 * In the order the writer wrote them: a reader's `JSON.parse` keeps it, and to order the keys would cost more than the
 * seal itself.
 */
function sealedBytes(key: string, record: object): Uint8Array {
  return new TextEncoder().encode(`${key}\n${JSON.stringify({ ...record, seal: undefined })}`);
}

/** As `verifyRecord`, for a record that only gateways of its own cluster read. Throws RECORD_UNSIGNED. */
export function verifySeal(key: string, raw: unknown, sealer: Sealer): void {
  const { seal } = (raw ?? {}) as { seal?: unknown };
  const given = typeof seal === 'string' ? seal : '';
  if (given !== '' && sealer.isSeal(sealedBytes(key, raw as object), given)) return;
  throw new IsthmusError('RECORD_UNSIGNED', {
    what: given === '' ? 'The record carries no seal' : 'The seal is not by this cluster',
    where: key,
  });
}
