/** Owns the contract between Isthmus and its registry: a small, strict part of what etcd v3 offers. */
import type { IsthmusError } from '../core/errors.ts';

/** etcd's default limit of operations in one transaction (`--max-txn-ops`). */
export const maxTxnOps = 128;

/** A key and its value as the registry holds it. Revisions are etcd's 64-bit counters; they fit a double for 285 years at 1 M writes/s. */
export interface StoredValue {
  readonly key: string;
  readonly value: Uint8Array;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  /** Lease id as a decimal string; '0' when none. */
  readonly lease: string;
}

export type Compare =
  | { readonly key: string; readonly modRevision: number }
  | { readonly key: string; readonly exists: boolean };

export type WriteOp =
  | {
      readonly op: 'put';
      readonly key: string;
      readonly value: string | Uint8Array;
      readonly lease?: string;
    }
  | { readonly op: 'delete'; readonly key: string }
  | { readonly op: 'delete-prefix'; readonly prefix: string };

export interface TxnResult {
  /** Whether every comparison held, and so the writes were applied. */
  readonly succeeded: boolean;
  readonly revision: number;
}

export interface Listing {
  readonly values: readonly StoredValue[];
  /** The revision at which the whole listing is true. */
  readonly revision: number;
}

/**
 * Which history the registry tells. `advance`: how many entries its log has beyond its revisions. Every revision is an entry, so in one
 * history this never falls; a member that is restored from a backup has a new log under old revisions.
 */
export interface Lineage {
  readonly cluster: string;
  readonly advance: number;
}

export type StoreState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected'; readonly since: number }
  | { readonly kind: 'unavailable'; readonly since: number; readonly problem: IsthmusError };

export type WatchEvent =
  | { readonly type: 'put'; readonly value: StoredValue }
  | { readonly type: 'delete'; readonly key: string; readonly modRevision: number };

export interface WatchHandler {
  /** One revision's events, in order; never split and never merged across revisions out of order. */
  events(events: readonly WatchEvent[], revision: number): void;
  /** The registry gave a sign of life, and everything up to `revision` has been delivered. Also called once the watch has started. */
  progress(revision: number): void;
  /**
   * The watch is over; called once, and not after `close`. REGISTRY_COMPACTED asks for a new list, as does
   * REGISTRY_FUTURE_REVISION (the registry went back in time); anything else for a retry.
   */
  ended(error: IsthmusError): void;
}

export interface Watch {
  /** Asks the registry for a sign of life; it answers through `progress`. */
  requestProgress(): void;
  /** Stops the watch; nothing is called after it. */
  close(): void;
}

/**
 * The registry as Isthmus uses it. Every call carries a deadline (default 3 s) and rejects with an
 * IsthmusError: TIMED_OUT, REGISTRY_UNAVAILABLE, REGISTRY_DENIED, REGISTRY_COMPACTED,
 * REGISTRY_LEASE_NOT_FOUND or REGISTRY_REQUEST_INVALID. No call retries by itself; callers own their retry.
 */
export interface Store {
  get(key: string): Promise<StoredValue | undefined>;
  /** The values of up to 128 keys at one revision, in their order. */
  getMany(keys: readonly string[]): Promise<readonly (StoredValue | undefined)[]>;
  /** Everything below a prefix at one revision, ascending by key, fetched in pages. */
  list(prefix: string): Promise<Listing>;
  /** Writes `ops` in one transaction when every comparison holds. At most 128 operations (etcd's default limit). */
  txn(compares: readonly Compare[], ops: readonly WriteOp[]): Promise<TxnResult>;
  /** Undefined where the registry does not tell. */
  lineage(): Promise<Lineage | undefined>;
  /** Watches a prefix from `fromRevision` on, inclusive. */
  watch(prefix: string, fromRevision: number, handler: WatchHandler): Watch;
  /** Grants a lease; returns its id. `ttlSeconds` is at least 1. */
  grantLease(ttlSeconds: number): Promise<string>;
  /** Keeps a lease alive once; resolves with its remaining seconds, rejects with REGISTRY_LEASE_NOT_FOUND when it is gone. */
  keepAlive(lease: string): Promise<number>;
  revokeLease(lease: string): Promise<void>;
  readonly state: StoreState;
  onState(subscriber: (state: StoreState) => void): () => void;
  close(): Promise<void>;
}
