/** Owns a member's own records in the registry over time: founding a federation with them, and keeping them true. */
import { isDeepStrictEqual } from 'node:util';
import type { Authority } from '../certs/authority.ts';
import { encodeBundle } from '../certs/bundle.ts';
import { IsthmusError } from '../core/errors.ts';
import type { FederationName } from '../core/names.ts';
import { encodeKey } from '../registry/keys.ts';
import {
  type BundleRecord,
  bundleRecordSchema,
  clusterRecordSchema,
  parseRecord,
} from '../registry/model.ts';
import { signRecord, verifyRecord } from '../registry/signing.ts';
import type { Store, StoredValue, WriteOp } from '../registry/store.ts';
import type { Joined, MembershipFile, RegistryAccess } from './member.ts';
import type { ClusterDraft } from './own-records.ts';

export interface AnnounceOptions {
  readonly store: Store;
  readonly federation: FederationName;
  readonly self: ClusterDraft;
  readonly authority: Pick<Authority, 'bundle' | 'sign' | 'root'>;
}

export interface FoundOptions extends AnnounceOptions {
  readonly file: MembershipFile;
  /** The registry the new federation lives in. */
  readonly registry: RegistryAccess;
}

/**
 * Founds a federation: this cluster is its first member. Harmless to repeat, also after a crash in between.
 * Throws JOIN_CONFLICT when the registry has another cluster of this name, or what the store throws.
 */
export async function found(options: FoundOptions): Promise<Joined> {
  const { store, federation, self, file, registry } = options;
  const own = ownRecords(options);
  const { succeeded } = await store.txn(
    [
      { key: own.clusterKey, exists: false },
      { key: own.bundleKey, exists: false },
    ],
    [
      put(own.clusterKey, signRecord(own.clusterKey, self, options.authority)),
      put(own.bundleKey, signRecord(own.bundleKey, own.bundle, options.authority)),
    ],
  );
  if (!succeeded) await refuseForeign(options, own.clusterKey);
  const founder: Joined = {
    version: 1,
    kind: 'founder',
    federation,
    joinedAt: self.joinedAt,
    registry,
    pins: {},
    departed: {},
  };
  await file.set(founder);
  return founder;
}

/**
 * Writes this cluster's records where they differ from what it is now. Throws NOT_A_MEMBER when they are gone,
 * for then it was evicted and must not bring itself back; REGISTRY_CONFLICT when another of its gateways wrote
 * meanwhile; or what the store throws.
 */
export async function announce(options: AnnounceOptions): Promise<void> {
  const { store, federation, self, authority } = options;
  const own = ownRecords(options);
  const [storedCluster, storedBundle] = await store.getMany([own.clusterKey, own.bundleKey]);
  if (!storedCluster || !storedBundle) {
    throw new IsthmusError('NOT_A_MEMBER', {
      what: `${self.cluster} is no longer among the members of ${federation}`,
      where: own.clusterKey,
      fix: 'If it was evicted by mistake: `isthmus leave --force`, then join again.',
    });
  }
  const known = parseRecord(clusterRecordSchema, own.clusterKey, storedCluster.value);
  const { admission, ...knownBundle } = parseRecord(
    bundleRecordSchema,
    own.bundleKey,
    storedBundle.value,
  );
  const cluster = { ...self, joinedAt: known.joinedAt };
  const ops: WriteOp[] = [];
  if (!sameContent(known, cluster)) {
    ops.push(put(own.clusterKey, signRecord(own.clusterKey, cluster, authority)));
  }
  if (!sameContent(knownBundle, own.bundle)) {
    // The admission stays: those who have not seen this cluster yet need it.
    const signed = signRecord(own.bundleKey, own.bundle, authority);
    ops.push(put(own.bundleKey, { ...signed, ...(admission && { admission }) }));
  }
  if (ops.length === 0) return;
  const { succeeded } = await store.txn([unchanged(storedCluster), unchanged(storedBundle)], ops);
  if (!succeeded) {
    throw new IsthmusError('REGISTRY_CONFLICT', {
      what: `The records of ${self.cluster} changed meanwhile`,
      where: own.clusterKey,
    });
  }
}

function ownRecords({ federation, self, authority }: AnnounceOptions) {
  const { cluster } = self;
  const bundle: BundleRecord = { cluster, bundle: encodeBundle(authority.bundle()) };
  return {
    bundle,
    clusterKey: encodeKey(federation, { kind: 'clusters', cluster }),
    bundleKey: encodeKey(federation, { kind: 'bundles', cluster }),
  };
}

/** A record of this name that our own root signed is from a founding that was interrupted; any other is another cluster's. */
async function refuseForeign({ store, self, authority }: FoundOptions, key: string): Promise<void> {
  const stored = await store.get(key);
  try {
    verifyRecord(key, JSON.parse(new TextDecoder().decode(stored?.value)), [authority.root]);
  } catch (cause) {
    throw new IsthmusError('JOIN_CONFLICT', {
      what: `The registry already has a cluster ${self.cluster} with another certificate authority`,
      where: key,
      cause,
    });
  }
}

function sameContent(a: object, b: object): boolean {
  return isDeepStrictEqual({ ...a, signature: undefined }, { ...b, signature: undefined });
}

function unchanged({ key, modRevision }: StoredValue) {
  return { key, modRevision };
}

function put(key: string, record: object): WriteOp {
  return { op: 'put', key, value: JSON.stringify(record) };
}
