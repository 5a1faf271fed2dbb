/** Owns a member's own records in the registry over time: founding a federation with them, keeping them true, and restoring them. */
import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import type { Authority } from '../certs/authority.ts';
import { encodeBundle, sequenceOf } from '../certs/bundle.ts';
import { fingerprintOf } from '../certs/x509.ts';
import { IsthmusError } from '../core/errors.ts';
import type { ClusterName, FederationName } from '../core/names.ts';
import { encodeKey, kindPrefix } from '../registry/keys.ts';
import {
  type BundleRecord,
  bundleRecordSchema,
  clusterRecordSchema,
  type DepartureRecord,
  departureRecordSchema,
  parseRecord,
} from '../registry/model.ts';
import { signRecord, verifyRecord } from '../registry/signing.ts';
import type { Store, StoredValue, WriteOp } from '../registry/store.ts';
import type { Beliefs } from './beliefs.ts';
import { readBundle, verifyBundle } from './consider.ts';
import type { Joined, MembershipFile, RegistryAccess } from './member.ts';
import type { ClusterDraft } from './own-records.ts';
import { replacedBy } from './replacement.ts';
import { refuseOtherRegion, together } from './several-gateways.ts';

interface AnnounceOptions {
  readonly store: Store;
  readonly federation: FederationName;
  readonly self: ClusterDraft;
  readonly authority: Pick<Authority, 'bundle' | 'sign' | 'root' | 'keyId' | 'state'>;
}

interface AnnouncementOptions extends AnnounceOptions {
  /** The admission this cluster was last known to have: its bundle is of no use to newcomers without it. */
  readonly admission: BundleRecord['admission'];
  /** The members that this cluster vouches for anew, since it has changed its root. */
  readonly vouched?: NonNullable<BundleRecord['vouched']>;
  /** Throws for a departure that no member signed: it is no departure, and is taken away. */
  verifyDeparture(key: string, raw: unknown): void;
  /** Whom this cluster believes; it gives way where one of them admitted another of its name in its place. */
  readonly beliefs: Beliefs;
  /** Whether another of this cluster's gateways is gone for good, and what it wrote to be left out. */
  gone(gateway: string): boolean;
  /** Whether another of this cluster's gateways gives no sign of life: what it says of the cluster does not count then. */
  missed(gateway: string): boolean;
}

interface FoundOptions extends AnnounceOptions {
  readonly file: MembershipFile;
  /** The registry the new federation lives in. */
  readonly registry: RegistryAccess;
}

/**
 * Founds a federation: this cluster is its first member. Harmless to repeat, also after a crash in between.
 * Throws AUTHORITY_LOST when the registry has a cluster of this name by another authority, JOIN_CONFLICT when it has a federation
 * of others already, or what the store throws.
 */
export async function found(options: FoundOptions): Promise<Joined> {
  const { store, federation, self, file, registry } = options;
  const own = ownRecords(options);
  // An embedded registry is this cluster's own, whoever else is in it.
  if (registry.kind === 'etcd') await refuseSecond(options, own.clusterKey);
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
 * of its gateways wrote meanwhile; GATEWAYS_DISAGREE when another of them is in another region; or what the store throws. True where something had been lost.
 */
export async function announce(options: AnnouncementOptions): Promise<boolean> {
  const { store, self, authority, gone, missed } = options;
  const own = ownRecords(options, options.vouched);
  const [storedCluster, storedBundle, storedDeparture] = await store.getMany([
    own.clusterKey,
    own.bundleKey,
    own.departureKey,
  ]);
  const departure = believedAs(departureRecordSchema, storedDeparture, options.verifyDeparture);
  if (departure && !(storedCluster && storedBundle)) throw departed(departure, options);
  const verifyOwn = (key: string, raw: unknown): void =>
    verifyRecord(key, raw, authority.bundle().roots);
  const known = believedAs(clusterRecordSchema, storedCluster, verifyOwn);
  refuseOtherRegion(self, known?.gateways, missed);
  const cluster = together(
    { ...self, joinedAt: known?.joinedAt ?? self.joinedAt },
    known?.gateways,
    gone,
  );
  const { beliefs, admission: last } = options;
  const replaced = {
    beliefs,
    cluster: self.cluster,
    own: authority.bundle(),
    since: last?.at ?? 0,
  };
  const problem = storedBundle && replacedBy(replaced, storedBundle);
  if (problem) throw problem;
  refuseBehind(options, storedBundle);
  const { admission = options.admission, ...knownBundle }: Partial<BundleRecord> =
    believedAs(bundleRecordSchema, storedBundle, verifyOwn) ?? {};
  const ops: WriteOp[] = [];
  if (storedDeparture && !departure) ops.push({ op: 'delete', key: own.departureKey });
  if (!known || !sameContent(known, cluster) || isOutdated(known, authority)) {
    ops.push(put(own.clusterKey, signRecord(own.clusterKey, cluster, authority)));
  }
  const isAhead = sequenceOf(knownBundle.bundle) > authority.bundle().sequence;
  const isNew = !sameContent(knownBundle, own.bundle) || isOutdated(knownBundle, authority);
  // Another gateway of the cluster may be a step ahead of this one, which will follow.
  if (isNew && !isAhead) {
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
      unchanged(own.departureKey, storedDeparture),
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

/** The error of a cluster that is no member any more. */
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
    fix: 'To come back: `isthmus join` with a new token, on one gateway of the cluster; the others follow.',
  });
}

/** The error of a gateway whose cluster is a member by another authority than its own. */
export function displaced(
  cluster: ClusterName,
  federation: FederationName,
  cause?: unknown,
): IsthmusError {
  return new IsthmusError('AUTHORITY_LOST', {
    what: `${cluster} is a member of ${federation}, and this gateway is not of it: its data folder was lost, or it never had the cluster's authority`,
    where: encodeKey(federation, { kind: 'clusters', cluster }),
    cause,
  });
}

/** Throws AUTHORITY_LOST where the cluster has changed its root without this gateway, which then has no say for it. */
function refuseBehind(
  { authority, federation, self: { cluster } }: AnnounceOptions,
  stored: StoredValue | undefined,
): void {
  if (!stored) return;
  const { key } = stored;
  let isBehind: boolean;
  try {
    const raw: unknown = JSON.parse(new TextDecoder().decode(stored.value));
    const known = authority.bundle();
    const { bundle, record } = readBundle({ federation }, cluster, key, raw);
    verifyBundle(key, raw, { known, bundle, record });
    const signer = record.signature?.keyId;
    isBehind = !known.roots.some((root) => fingerprintOf(root.raw) === signer);
  } catch {
    return; // What nobody of this cluster wrote is written over.
  }
  if (!isBehind) return;
  throw new IsthmusError('AUTHORITY_LOST', {
    what: `${cluster} has changed its root while this gateway was away, and this gateway has not the new one`,
    where: key,
    fix: 'On another gateway of the cluster: `isthmus token create --gateway`; here: `isthmus join --token-file FILE`.',
  });
}

/** Whether a record of this cluster is signed by another root than the one that signs, now that all believe that one. */
function isOutdated(
  { signature }: Pick<BundleRecord, 'signature'>,
  { state, keyId }: AnnounceOptions['authority'],
): boolean {
  return state.kind !== 'published' && signature !== undefined && signature.keyId !== keyId;
}

function ownRecords(
  { federation, self, authority }: AnnounceOptions,
  vouched: BundleRecord['vouched'] = {},
) {
  const { cluster } = self;
  const { chain } = authority.state;
  const bundle: BundleRecord = {
    cluster,
    bundle: encodeBundle(authority.bundle()),
    // Gateways of version 0.1 need neither, nor anybody before the first change.
    ...(chain.length > 0 && { chain: [...chain], vouched }),
  };
  return {
    bundle,
    clusterKey: encodeKey(federation, { kind: 'clusters', cluster }),
    bundleKey: encodeKey(federation, { kind: 'bundles', cluster }),
    departureKey: encodeKey(federation, { kind: 'departures', cluster }),
  };
}

/** A record, if it is signed by whom it has to be: what anybody else wrote there is written over, and not signed. */
function believedAs<S extends z.ZodType>(
  schema: S,
  stored: StoredValue | undefined,
  verify: (key: string, raw: unknown) => void,
): z.output<S> | undefined {
  if (!stored) return undefined;
  const text = new TextDecoder().decode(stored.value);
  try {
    verify(stored.key, JSON.parse(text));
    return parseRecord(schema, stored.key, text);
  } catch {
    return undefined; // Readers report it as refused.
  }
}

/** A federation is founded once. One that has this cluster already may be its own, of a founding that was interrupted. */
async function refuseSecond({ store, federation, self }: FoundOptions, key: string): Promise<void> {
  const prefix = kindPrefix(federation, 'clusters');
  const members = (await store.list(prefix)).values.map((stored) => stored.key);
  if (members.length === 0 || members.includes(key)) return;
  const names = members.map((member) => member.slice(prefix.length)).join(', ');
  throw new IsthmusError('JOIN_CONFLICT', {
    what: `${self.cluster} is configured to found ${federation}, and the registry has it already, with ${names}`,
    where: prefix,
    fix: 'Remove `found: true` from its configuration, restart it, and join: `isthmus join --token-file FILE`.',
  });
}

/** A record of this name that our own root signed is from a founding that was interrupted; any other is another cluster's. */
async function refuseForeign(
  { store, federation, self, authority }: FoundOptions,
  key: string,
): Promise<void> {
  const stored = await store.get(key);
  try {
    verifyRecord(key, JSON.parse(new TextDecoder().decode(stored?.value)), [authority.root]);
  } catch (cause) {
    throw displaced(self.cluster, federation, cause);
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
