/** Owns join tokens: the one opaque string an operator carries from one cluster to another, and its trace in the registry. */
import { createHash, randomBytes as systemRandomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { IsthmusError } from '../core/errors.ts';
import type { ClusterName, FederationName } from '../core/names.ts';
import { encodeKey } from '../registry/keys.ts';
import {
  addressSchema,
  clusterNameSchema,
  federationNameSchema,
  labelSchema,
  parseRecord,
  type TokenRecord,
  tokenRecordSchema,
} from '../registry/model.ts';
import { type Signer, signRecord } from '../registry/signing.ts';
import type { Store } from '../registry/store.ts';

const prefix = 'isthmus1_';
const checksumBytes = 6;
const secretBytes = 32;

const minute = 60_000;
const defaultTtlMs = 15 * minute;
const maxTtlMs = 24 * 60 * minute;
/** How long a token's trace outlives it, so that one who comes late, or again, is told what happened. Seconds. */
const traceSeconds = 24 * 60 * 60;

/** The content of a token; short names, for people paste it. */
const contentSchema = z.object({
  f: federationNameSchema,
  c: clusterNameSchema,
  a: z.array(addressSchema).min(1).max(16),
  p: z.string().min(1).max(128),
  i: labelSchema,
  s: z.string().min(1).max(64),
  e: z.int().min(0),
  /** Only in one that admits a gateway. */
  g: z.literal(true).optional(),
});

export interface JoinToken {
  readonly federation: FederationName;
  /** The cluster that admits its bearer. */
  readonly cluster: ClusterName;
  /** Federation addresses of that cluster, in the order to try them. */
  readonly addresses: readonly string[];
  /** Fingerprint of that cluster's active root. */
  readonly fingerprint: string;
  readonly id: string;
  /** 256 random bits, base64url. */
  readonly secret: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Absent where it admits a cluster; one that admits a gateway admits it to the cluster that made it. */
  readonly admits?: 'gateway';
}

interface CreateTokenOptions {
  readonly store: Store;
  readonly federation: FederationName;
  /** This cluster, which admits the token's bearer. */
  readonly cluster: ClusterName;
  /** The address at which the bearer reaches this cluster's federation listener. */
  readonly addresses: readonly string[];
  /** Fingerprint of this cluster's active root. */
  readonly fingerprint: string;
  /** This cluster's authority: a token's trace counts only when signed by its creator. */
  readonly signer: Signer;
  /** The cluster in whose place it admits another of that name; default none's. */
  readonly replaces?: ClusterName | undefined;
  /** From 1 s to 24 h; default 15 min. */
  readonly ttlMs?: number | undefined;
  readonly clock: Clock;
  /** Default: the system's secure random generator. */
  readonly randomBytes?: (count: number) => Uint8Array;
}

export interface CreatedToken {
  /** The token itself: show it once, keep it nowhere. */
  readonly text: string;
  readonly id: string;
  readonly expiresAt: number;
  readonly fingerprint: string;
}

/** Makes a token and writes its trace: the hash of its secret, never the secret. Throws BODY_INVALID or what the store throws. */
export async function createToken(options: CreateTokenOptions): Promise<CreatedToken> {
  const { store, federation, cluster, addresses, fingerprint, signer, clock } = options;
  const ttlMs = tokenLifetime(options.ttlMs);
  const randomBytes = options.randomBytes ?? systemRandomBytes;
  const createdAt = clock.now();
  const expiresAt = createdAt + ttlMs;
  const id = Buffer.from(randomBytes(8)).toString('hex');
  const secret = Buffer.from(randomBytes(secretBytes)).toString('base64url');
  const hash = hashSecret(secret).toString('base64url');
  const { replaces } = options;
  const record: TokenRecord = {
    ...{ id, hash, createdBy: cluster, createdAt, expiresAt },
    ...(replaces && { replaces }),
  };
  const key = encodeKey(federation, { kind: 'tokens', cluster, id });
  const lease = await store.grantLease(Math.ceil(ttlMs / 1000) + traceSeconds);
  const { succeeded } = await store.txn(
    [{ key, exists: false }],
    [{ op: 'put', key, value: JSON.stringify(signRecord(key, record, signer)), lease }],
  );
  if (!succeeded) {
    throw new IsthmusError('REGISTRY_CONFLICT', { what: 'The token id is taken', where: key });
  }
  const text = encodeToken({ federation, cluster, addresses, fingerprint, id, secret, expiresAt });
  return { text, id, expiresAt, fingerprint };
}

/**
 * Has a token admit nobody from now on. One that was used is left as the trace of that. Throws TOKEN_NOT_FOUND for one that `cluster` did
 * not make, and what the store throws.
 */
export async function revokeToken(
  home: Pick<CreateTokenOptions, 'store' | 'federation' | 'cluster'>,
  id: string,
): Promise<void> {
  const { store, federation, cluster } = home;
  const key = encodeKey(federation, { kind: 'tokens', cluster, id });
  const stored = await store.get(key);
  const record = stored && parseRecord(tokenRecordSchema, key, stored.value);
  if (record?.createdBy !== cluster) {
    throw new IsthmusError('TOKEN_NOT_FOUND', { what: `${cluster} has made no join token ${id}` });
  }
  if (record.usedBy !== undefined) return;
  const unchanged = { key, modRevision: stored?.modRevision ?? 0 };
  const { succeeded } = await store.txn([unchanged], [{ op: 'delete', key }]);
  // It was used, or revoked by somebody else, at this very moment.
  if (!succeeded) await revokeToken(home, id);
}

/** How long a token is to live, in milliseconds. Throws BODY_INVALID. */
export function tokenLifetime(ttlMs = defaultTtlMs): number {
  if (ttlMs >= 1000 && ttlMs <= maxTtlMs) return Math.round(ttlMs);
  throw new IsthmusError('BODY_INVALID', {
    what: `A join token can't live for ${ttlMs} ms`,
    where: 'ttl',
    fix: 'Choose from 1 second to 24 hours.',
  });
}

/** SHA-256 of a secret: enough, for it is 256 random bits and not a password. */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** `isthmus1_` and, in base64url: the content's length in two bytes, the content, a checksum. */
export function encodeToken(token: JoinToken): string {
  const content = Buffer.from(
    JSON.stringify({
      f: token.federation,
      c: token.cluster,
      a: token.addresses,
      p: token.fingerprint,
      i: token.id,
      s: token.secret,
      e: token.expiresAt,
      ...(token.admits && { g: true }),
    }),
  );
  const length = Buffer.alloc(2);
  length.writeUInt16BE(content.length);
  const body = Buffer.concat([length, content]);
  return prefix + Buffer.concat([body, checksum(body)]).toString('base64url');
}

/** Reads a token as it was pasted; white space in it does no harm. Throws TOKEN_INVALID, which never quotes it. */
export function decodeToken(text: string): JoinToken {
  const compact = text.replaceAll(/\s+/g, '');
  const encoded = compact.slice(prefix.length);
  if (!compact.startsWith(prefix) || !/^[A-Za-z0-9_-]*$/.test(encoded)) {
    throw invalid(`The text is not a join token: one begins with ${prefix}`);
  }
  const bytes = Buffer.from(encoded, 'base64url');
  const expected = bytes.length < 2 ? Infinity : bytes.readUInt16BE() + 2 + checksumBytes;
  if (bytes.length < expected) {
    throw invalid('The join token is truncated: its end is missing');
  }
  const body = bytes.subarray(0, -checksumBytes);
  if (bytes.length > expected || !checksum(body).equals(bytes.subarray(-checksumBytes))) {
    throw invalid('The join token is altered: its checksum does not match');
  }
  return parseContent(body.subarray(2));
}

function parseContent(content: Buffer): JoinToken {
  const result = contentSchema.safeParse(parseJson(content));
  if (!result.success) {
    throw invalid(`The join token lacks a valid "${result.error.issues[0]?.path.join('.')}"`);
  }
  const { f, c, a, p, i, s, e, g } = result.data;
  return {
    federation: f,
    cluster: c,
    addresses: a,
    fingerprint: p,
    id: i,
    secret: s,
    expiresAt: e,
    ...(g && { admits: 'gateway' }),
  };
}

function parseJson(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString());
  } catch {
    throw invalid('The content of the join token is not JSON'); // The parser's own message would quote the secret.
  }
}

function checksum(body: Buffer): Buffer {
  return createHash('sha256').update(body).digest().subarray(0, checksumBytes);
}

function invalid(what: string): IsthmusError {
  return new IsthmusError('TOKEN_INVALID', { what });
}
