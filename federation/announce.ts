/** Owns a member's own records in the registry over time: founding a federation with them, keeping them true, and restoring them. */
import { isDeepStrictEqual } from 'node:util';
import type { Authority } from '../certs/authority.ts';
import { encodeBundle } from '../certs/bundle.ts';
import { IsthmusError } from '../core/errors.ts';
import type { FederationName } from '../core/names.ts';
import { encodeKey } from '../registry/keys.ts';
import {
  type BundleRecord,
  bundleRecordSchema,
  type ClusterRecord,
  clusterRecordSchema,
  type DepartureRecord,
  departureRecordSchema,
  parseRecord,
} from '../registry/model.ts';
import { signRecord, verifyRecord } from '../registry/signing.ts';
import type { Store, StoredValue, WriteOp } from '../registry/store.ts';
import type { Joined, MembershipFile, RegistryAccess } from './member.ts';
import type { ClusterDraft } from './own-records.ts';
import { together } from './several-gateways.ts';

export interface AnnounceOptions {
  readonly store: Store;
  readonly federation: FederationName;
  readonly self: ClusterDraft;
  readonly authority: Pick<Authority, 'bundle' | 'sign' | 'root'>;
}

export interface AnnouncementOptions extends AnnounceOptions {
  /** The admission this cluster was last known to have: its bundle is of no use to newcomers without it. */
  readonly admission: BundleRecord['admission'];
  /** Whether another of this cluster's gateways is gone for good, and what it wrote to be left out. */
  gone(gateway: string): boolean;
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
      { op: 'delete', key: own.departureKey },
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
 * Writes this cluster's records where they differ from what it is now, and again where the registry has lost them.
 * Throws NOT_A_MEMBER when it left or was evicted, and must not bring itself back; REGISTRY_CONFLICT when another
 * of its gateways wrote meanwhile; or what the store throws. True where something had been lost.
 */
export async function announce(options: AnnouncementOptions): Promise<boolean> {
  const { store, self, authority, gone } = options;
  const own = ownRecords(options);
  const [storedCluster, storedBundle, departure] = await store.getMany([
    own.clusterKey,
    own.bundleKey,
    own.departureKey,
  ]);
  if (departure && !(storedCluster && storedBundle)) {
    throw departed(parseRecord(departureRecordSchema, own.departureKey, departure.value), options);
  }
  const known = believed(own.clusterKey, storedCluster, options);
  const cluster = together(
    { ...self, joinedAt: known?.joinedAt ?? self.joinedAt },
    known?.gateways,
    gone,
  );
  const { admission = options.admission, ...knownBundle }: Partial<BundleRecord> = storedBundle
    ? parseRecord(bundleRecordSchema, own.bundleKey, storedBundle.value)
    : {};
  const ops: WriteOp[] = [];
  if (!known || !sameContent(known, cluster)) {
    ops.push(put(own.clusterKey, signRecord(own.clusterKey, cluster, authority)));
  }
  if (!sameContent(knownBundle, own.bundle)) {
    // The admission stays: those who have not seen this cluster yet need it.
    const signed = signRecord(own.bundleKey, own.bundle, authority);
    ops.push(put(own.bundleKey, { ...signed, ...(admission && { admission }) }));
  }
  const lost = !storedCluster || !storedBundle;
  if (ops.length === 0) return lost;
  const { succeeded } = await store.txn(
    [
      unchanged(own.clusterKey, storedCluster),
      unchanged(own.bundleKey, storedBundle),
      unchanged(own.departureKey, departure),
    ],
    ops,
  );
  if (!succeeded) {
    throw new IsthmusError('REGISTRY_CONFLICT', {
      what: `The records of ${self.cluster} changed meanwhile`,
      where: own.clusterKey,
    });
  }
  return lost;
}

/** What a cluster is told that is no member any more. */
export function departed(
  { cluster, by, at }: DepartureRecord,
  { federation }: Pick<AnnounceOptions, 'federation'>,
): IsthmusError {
  const when = new Date(at).toISOString();
  return new IsthmusError('NOT_A_MEMBER', {
    what:
      by === cluster
        ? `${cluster} left ${federation} at ${when}`
        : `${cluster} was evicted from ${federation} by ${by} at ${when}`,
    where: encodeKey(federation, { kind: 'departures', cluster }),
    fix: 'To come back: `isthmus leave --force`, then `isthmus join` with a new token.',
  });
}

function ownRecords({ federation, self, authority }: AnnounceOptions) {
  const { cluster } = self;
  const bundle: BundleRecord = { cluster, bundle: encodeBundle(authority.bundle()) };
  return {
    bundle,
    clusterKey: encodeKey(federation, { kind: 'clusters', cluster }),
    bundleKey: encodeKey(federation, { kind: 'bundles', cluster }),
    departureKey: encodeKey(federation, { kind: 'departures', cluster }),
  };
}

/** The cluster's record, if its own authority signed it: what anybody else wrote there is written over, and not signed. */
function believed(
  key: string,
  stored: StoredValue | undefined,
  { authority }: AnnounceOptions,
): ClusterRecord | undefined {
  if (!stored) return undefined;
  const text = new TextDecoder().decode(stored.value);
  try {
    verifyRecord(key, JSON.parse(text), authority.bundle().roots);
    return parseRecord(clusterRecordSchema, key, text);
  } catch {
    return undefined; // Readers report it as refused.
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

function sameContent(a: object, b: object): boolean {
  return isDeepStrictEqual({ ...a, signature: undefined }, { ...b, signature: undefined });
}

/** A key that is not there has revision 0. */
function unchanged(key: string, stored: StoredValue | undefined) {
  return { key, modRevision: stored?.modRevision ?? 0 };
}

function put(key: string, record: object): WriteOp {
  return { op: 'put', key, value: JSON.stringify(record) };
}
