/** Owns a member's own records in the registry over time: founding a federation with them, and keeping them true. */
import { isDeepStrictEqual } from 'node:util';
import type { Authority } from '../certs/authority.ts';
import type { Clock } from '../core/clock.ts';
import { IsthmusError } from '../core/errors.ts';
import {
  bundleRecordSchema,
  type ClusterRecord,
  clusterRecordSchema,
  parseRecord,
} from '../registry/model.ts';
import { verifyRecord } from '../registry/signing.ts';
import type { Store, StoredValue, WriteOp } from '../registry/store.ts';
import { isJoined, type Joined, type MembershipFile, type RegistryAccess } from './member.ts';
import { ownBundleRecord, ownClusterRecord, type SelfDescription } from './own-records.ts';

export interface AnnounceOptions {
  readonly store: Store;
  readonly self: SelfDescription;
  readonly authority: Authority;
}

export interface FoundOptions extends AnnounceOptions {
  readonly file: MembershipFile;
  /** The registry the new federation lives in. */
  readonly registry: RegistryAccess;
  readonly clock: Clock;
}

/**
 * Founds a federation: this cluster is its first member. Harmless to repeat, also after a crash in between. Throws
 * JOIN_CONFLICT when the registry has another cluster of this name, ALREADY_MEMBER during a join or after one, or what the store throws.
 */
export async function found(options: FoundOptions): Promise<Joined> {
  const { store, self, authority, file, registry, clock } = options;
  const { state } = file;
  if (state.kind === 'founder') return state;
  if (state.kind !== 'standalone') {
    throw new IsthmusError('ALREADY_MEMBER', {
      what: isJoined(state)
        ? `This cluster is in the federation ${state.federation} already`
        : 'This cluster is about to join a federation',
    });
  }
  const joinedAt = clock.now();
  const cluster = ownClusterRecord(self, authority, joinedAt);
  const bundle = ownBundleRecord(self, authority);
  const { succeeded } = await store.txn(
    [
      { key: cluster.key, exists: false },
      { key: bundle.key, exists: false },
    ],
    [put(cluster), put(bundle)],
  );
  if (!succeeded) await refuseForeign(options, cluster.key);
  const founder: Joined = {
    version: 1,
    kind: 'founder',
    federation: self.federation,
    joinedAt,
    registry,
    pins: {},
    departed: {},
  };
  await file.set(founder);
  return founder;
}

/**
 * Writes this cluster's records where they differ from what it is now. Throws NOT_A_MEMBER when they are gone, for then it was
 * evicted and must not bring itself back; REGISTRY_CONFLICT when another of its gateways wrote meanwhile; or what the store throws.
 */
export async function announce({ store, self, authority }: AnnounceOptions): Promise<void> {
  const bundle = ownBundleRecord(self, authority);
  const { key } = ownClusterRecord(self, authority, 0);
  const [storedCluster, storedBundle] = await store.getMany([key, bundle.key]);
  if (!storedCluster || !storedBundle) {
    throw new IsthmusError('NOT_A_MEMBER', {
      what: `${self.cluster} is no longer among the members of ${self.federation}`,
      where: key,
      fix: 'If it was evicted by mistake: `isthmus leave`, then join again.',
    });
  }
  const known = parseRecord(clusterRecordSchema, key, storedCluster.value);
  const { admission, ...knownBundle } = parseRecord(
    bundleRecordSchema,
    bundle.key,
    storedBundle.value,
  );
  const cluster = ownClusterRecord(self, authority, known.joinedAt);
  const ops: WriteOp[] = [];
  if (!sameContent(known, cluster.record)) ops.push(put(cluster));
  if (!sameContent(knownBundle, bundle.record)) {
    // The admission stays: those who have not seen this cluster yet need it.
    ops.push(
      put({ key: bundle.key, record: { ...bundle.record, ...(admission && { admission }) } }),
    );
  }
  if (ops.length === 0) return;
  const { succeeded } = await store.txn([unchanged(storedCluster), unchanged(storedBundle)], ops);
  if (!succeeded) {
    throw new IsthmusError('REGISTRY_CONFLICT', {
      what: `The records of ${self.cluster} changed meanwhile`,
      where: key,
    });
  }
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

function sameContent<R extends Pick<ClusterRecord, 'signature'>>(a: R, b: R): boolean {
  const { signature: _a, ...left } = a;
  const { signature: _b, ...right } = b;
  return isDeepStrictEqual(left, right);
}

function unchanged({ key, modRevision }: StoredValue) {
  return { key, modRevision };
}

function put({ key, record }: { readonly key: string; readonly record: object }): WriteOp {
  return { op: 'put', key, value: JSON.stringify(record) };
}
