/** Owns the SPIFFE trust bundle of one trust domain: to and from JSON (SPIFFE Trust Domain and Bundle, section 4). */
import { createHash, type webcrypto, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { IsthmusError, messageOf } from '../core/errors.ts';
import { defaultRefreshHintSeconds } from './refresh-hint.ts';
import type { TrustDomain } from './spiffe-id.ts';

/** The roots that vouch for one trust domain. No roots means that nobody in it is trusted. */
export interface Bundle {
  readonly trustDomain: TrustDomain;
  /** Grows whenever the content changes; 0 when its owner does not say. */
  readonly sequence: number;
  /** How often to look for a new one, in seconds. */
  readonly refreshHintSeconds: number;
  readonly roots: readonly X509Certificate[];
}

/** More keys than any rotation needs, and few enough to verify a chain against without harm. */
const maxKeys = 64;

/** Of keys of other types nobody here could verify a signature, so that they are passed over (section 4.2.1). */
const knownTypes: readonly unknown[] = ['EC', 'RSA', 'OKP'];

const bundleSchema = z.object({
  keys: z.array(z.record(z.string(), z.unknown())).max(maxKeys),
  // It may have 64 bits (section 4.1.1): one that a number holds only nearly is still in its place among others.
  spiffe_sequence: z
    .number()
    .min(0)
    .max(2 ** 64)
    .refine(Number.isInteger, 'use a whole number')
    .default(0),
  spiffe_refresh_hint: z.int().min(0).default(defaultRefreshHintSeconds),
});

/**
 * Parses a bundle for trust domain `td`; the JSON itself does not name one. `keys: []` is valid and revokes
 * all, a missing `keys` is not, and keys of uses and types unknown to us are passed over. Throws BUNDLE_INVALID.
 */
export function parseBundle(json: unknown, td: TrustDomain): Bundle {
  const result = bundleSchema.safeParse(json);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw invalid(td, `${issue?.path.join('.') || 'bundle'}: ${issue?.message}`);
  }
  const roots = new Map<string, X509Certificate>();
  for (const [index, key] of result.data.keys.entries()) {
    if (key['use'] !== 'x509-svid' || isOfUnknownType(key)) continue;
    const root = parseRoot(key, td, `keys.${index}`);
    roots.set(root.fingerprint256, root);
  }
  return {
    trustDomain: td,
    sequence: result.data.spiffe_sequence,
    refreshHintSeconds: result.data.spiffe_refresh_hint,
    roots: [...roots.values()],
  };
}

/** The bundle as its JSON object. */
export function encodeBundle(bundle: Bundle): object {
  return {
    keys: bundle.roots.map((root) => ({
      ...root.publicKey.export({ format: 'jwk' }),
      use: 'x509-svid',
      x5c: [root.raw.toString('base64')],
    })),
    spiffe_sequence: bundle.sequence,
    spiffe_refresh_hint: bundle.refreshHintSeconds,
  };
}

/** The sequence that a bundle's JSON, of whoever, says; 0 where it says none. */
export function sequenceOf(json: unknown): number {
  const { spiffe_sequence: sequence } = (json ?? {}) as { spiffe_sequence?: unknown };
  return typeof sequence === 'number' ? sequence : 0;
}

/** Names the set of roots, whatever their order: SHA-256 over their sorted SHA-256 digests, base64url. */
export function bundleFingerprint(bundle: Bundle): string {
  const digests = bundle.roots.map((root) => createHash('sha256').update(root.raw).digest());
  const hash = createHash('sha256');
  for (const digest of digests.sort(Buffer.compare)) hash.update(digest);
  return hash.digest('base64url');
}

/** One that says no type at all is not as the standard has it. */
function isOfUnknownType({ kty }: Record<string, unknown>): boolean {
  return typeof kty === 'string' && !knownTypes.includes(kty);
}

function parseRoot(key: Record<string, unknown>, td: TrustDomain, where: string): X509Certificate {
  const chain = key['x5c'];
  const [text] = Array.isArray(chain) && chain.length === 1 ? chain : [];
  if (typeof text !== 'string') throw invalid(td, `${where}.x5c must hold exactly one certificate`);
  const der = Buffer.from(text, 'base64');
  let root: X509Certificate;
  let publicKey: webcrypto.JsonWebKey;
  try {
    root = new X509Certificate(der);
    publicKey = root.publicKey.export({ format: 'jwk' });
  } catch (cause) {
    throw invalid(td, `${where}.x5c is not a certificate we can use: ${messageOf(cause)}`, cause);
  }
  if (!root.raw.equals(der)) throw invalid(td, `${where}.x5c is not exactly one DER certificate`);
  if (!root.ca) throw invalid(td, `${where}.x5c is not a certificate authority`);
  const differing = Object.entries(publicKey).find(([field, value]) => key[field] !== value);
  if (differing) throw invalid(td, `${where}.${differing[0]} is not that of the certificate's key`);
  return root;
}

function invalid(td: TrustDomain, why: string, cause?: unknown): IsthmusError {
  return new IsthmusError('BUNDLE_INVALID', {
    what: `The trust bundle is not valid: ${why}`,
    where: td,
    cause,
  });
}
