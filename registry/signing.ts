/** Owns the proof that a record comes from its cluster: what exactly is signed, signing it, and verifying it as it was stored. */
import type { X509Certificate } from 'node:crypto';
import { verifySignature } from '../certs/signature.ts';
import { IsthmusError } from '../core/errors.ts';
import { type Signature, signatureSchema } from './model.ts';

/** What signs for a cluster; its `Authority` does. */
export interface Signer {
  sign(bytes: Uint8Array): Signature;
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
  if (!verifySignature(roots, signedBytes(key, raw as object), signature.data)) {
    throw new IsthmusError('RECORD_UNSIGNED', {
      what: 'The signature is not by a root this cluster is trusted for',
      where: key,
    });
  }
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
