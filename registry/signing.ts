/** Owns the proof that a record comes from its cluster: the bytes that are signed or sealed, signing and sealing them, and verifying a record as it was stored. */
import type { X509Certificate } from 'node:crypto';
import { namesOneOf, verifySignature } from '../certs/signature.ts';
import { IsthmusError } from '../core/errors.ts';
import { type Signature, signatureSchema } from './model.ts';

/** Signs for a cluster; its `Authority` does. */
export interface Signer {
  sign(bytes: Uint8Array): Signature;
}

/** Seals for a cluster, so that its own gateways believe the sealed bytes; its `Authority` does. */
export interface Sealer {
  seal(bytes: Uint8Array): string;
  isSeal(bytes: Uint8Array, seal: string): boolean;
}

/** Left out of what is signed: the proof itself, and another cluster's word about this one, which has its own proof. */
const unsignedFields = new Set(['signature', 'admission']);

/**
 * JSON with the keys of every object in order of their UTF-16 code units and no white space (as RFC 8785 orders
 * them), so that two writers of the same value write the same bytes. `undefined` is left out, as JSON does.
 */
export function canonicalJson(value: unknown): string {
  return encode(JSON.parse(JSON.stringify(value)));
}

/** The bytes that prove a record: its key, so that it can't be moved to another, and its content. */
export function signedBytes(key: string, record: object): Uint8Array {
  const content = Object.entries(JSON.parse(JSON.stringify(record))).filter(
    ([name]) => !unsignedFields.has(name),
  );
  return new TextEncoder().encode(`${key}\n${encodeEntries(content)}`);
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
 * added are part of the proof here too. Throws RECORD_UNSIGNED.
 */
export function verifyRecord(key: string, raw: unknown, roots: readonly X509Certificate[]): void {
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
  if (!verifySignature(roots, signedBytes(key, raw as object), signature.data)) {
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

function encode(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(encode).join(',')}]`;
  if (value !== null && typeof value === 'object') return encodeEntries(Object.entries(value));
  return JSON.stringify(value);
}

function encodeEntries(entries: [string, unknown][]): string {
  const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([name, value]) => `${JSON.stringify(name)}:${encode(value)}`).join(',')}}`;
}
