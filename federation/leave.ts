/** Owns the end of a membership: everything of a cluster leaves the registry at once, whether it goes by itself or is evicted. */
import type { Clock } from '../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../core/errors.ts';
import type { ClusterName, FederationName } from '../core/names.ts';
import { drillsPrefix } from '../registry/drill-keys.ts';
import { encodeKey, kindPrefix } from '../registry/keys.ts';
import { bundleRecordSchema, type DepartureRecord, parseRecord } from '../registry/model.ts';
import { policiesPrefix } from '../registry/policy-keys.ts';
import { type Signer, signRecord } from '../registry/signing.ts';
import type { Store, StoredValue, WriteOp } from '../registry/store.ts';
import type { FederationClient } from './client.ts';

interface LeaveOptions {
  readonly store: Store;
  readonly federation: FederationName;
  /** The cluster that goes. */
  readonly cluster: ClusterName;
  /** The cluster that asks: the same, or one that evicts it. */
  readonly by: ClusterName;
  /** The authority of the member that writes it down. */
  readonly signer: Signer;
  readonly clock: Pick<Clock, 'now'>;
}

interface EvictOptions extends LeaveOptions {
  /** Also a cluster that still has live gateways. */
  readonly force: boolean;
  /** Whether it is remembered here as a member: the registry may have lost its records. */
  readonly known: boolean;
}

/**
 * Removes everything of a cluster from the registry, in one transaction, which leaves a departure in its place, so that the others see
 * it leave and not fall apart or get lost. Harmless to repeat. Throws what the store throws.
 */
export async function leave(options: LeaveOptions): Promise<void> {
  const at = await departureTime(options);
  await options.store.txn([], [...(await tracesGone(options)), ...departure(options, at)]);
}

/** Deletes all that is a cluster's, but for what makes it a member. Throws what the store throws. */
export async function tracesGone(
  options: Pick<LeaveOptions, 'store' | 'federation' | 'cluster'>,
): Promise<WriteOp[]> {
  const { store, federation, cluster } = options;
  // With it gone nobody could honour the tokens it created. A token it used belongs to its creator.
  const folders = [kindPrefix(federation, 'tokens', cluster), policiesPrefix(federation, cluster)];
  const deletions = folders.map((prefix) => deletionsWhereAllowed(store, prefix));
  const kinds = ['endpoints', 'exports', 'gateways'] as const;
  const prefixes = kinds.map((kind) => kindPrefix(federation, kind, cluster));
  return [
    ...(await Promise.all(deletions)).flat(),
    ...[`${drillsPrefix(federation)}${cluster}/`, ...prefixes].map(
      (prefix): WriteOp => ({ op: 'delete-prefix', prefix }),
    ),
    { op: 'delete', key: encodeKey(federation, { kind: 'synced', cluster }) },
  ];
}

/** After the admission that it ends, also where our clock lags: an older departure is one that a backup brought back. */
async function departureTime({ store, federation, cluster, clock }: LeaveOptions): Promise<number> {
  const key = encodeKey(federation, { kind: 'bundles', cluster });
  const stored = await store.get(key);
  const now = clock.now();
  if (!stored) return now;
  try {
    const { admission } = parseRecord(bundleRecordSchema, key, stored.value);
    // Nobody vouches for the time here: what is no number to go beyond is left.
    return Math.min(Math.max(now, (admission?.at ?? 0) + 1), Number.MAX_SAFE_INTEGER);
  } catch {
    return now; // What nobody can read was believed by nobody.
  }
}

/** Makes another cluster leave. Throws CLUSTER_NOT_FOUND, LEAVE_REFUSED for one that is alive, or what the store throws. */
export async function evict(options: EvictOptions): Promise<void> {
  const { store, federation, cluster, by, force, known } = options;
  if (cluster === by) {
    throw new IsthmusError('LEAVE_REFUSED', {
      what: `${cluster} can't evict itself`,
      fix: 'Leave instead: `isthmus leave`.',
    });
  }
  const key = encodeKey(federation, { kind: 'clusters', cluster });
  if (!known && (await store.get(key)) === undefined) {
    throw new IsthmusError('CLUSTER_NOT_FOUND', { what: `${cluster} is not a member`, where: key });
  }
  const gateways = await store.list(kindPrefix(federation, 'gateways', cluster));
  if (gateways.values.length > 0 && !force) {
    throw new IsthmusError('LEAVE_REFUSED', {
      what: `${cluster} still has ${gateways.values.length} live gateway(s): ${idsOf(gateways.values)}`,
      where: key,
      fix: 'Have it leave by itself, or evict it with force.',
    });
  }
  await leave(options);
}

function idsOf(gateways: readonly StoredValue[]): string {
  return gateways.map(({ key }) => key.slice(key.lastIndexOf('/') + 1)).join(', ');
}

/**
 * Makes another cluster leave also where this one may write only its own records: then members that may are asked to, one after the other,
 * by clients that `ways` make and that are closed here. Throws as `evict` does; what a member answers that may; or, where none does, what the last said.
 */
export async function evictThrough(
  options: EvictOptions,
  ways: readonly (() => FederationClient)[],
): Promise<void> {
  let last: unknown;
  try {
    await evict(options);
    return;
  } catch (thrown) {
    if (!isDenied(thrown)) throw thrown;
    last = thrown;
  }
  for (const way of ways) {
    const client = way();
    try {
      await client.evict({ cluster: options.cluster, force: options.force });
      return;
    } catch (thrown) {
      // Who may not, or does not answer, is no judge of whether the cluster is dead.
      if (!isDenied(thrown) && asIsthmusError(thrown).kind === 'refused') throw thrown;
      last = thrown;
    } finally {
      client.close();
    }
  }
  throw last;
}

/** The record last, so that a cluster whose leaving was interrupted still counts as one, and can leave again. */
function departure({ federation, cluster, by, signer }: LeaveOptions, at: number): WriteOp[] {
  const key = encodeKey(federation, { kind: 'departures', cluster });
  const record: DepartureRecord = { cluster, by, at };
  const keys = (['bundles', 'clusters'] as const).map(
    (kind): WriteOp => ({ op: 'delete', key: encodeKey(federation, { kind, cluster }) }),
  );
  const left: WriteOp = {
    op: 'put',
    key,
    value: JSON.stringify(signRecord(key, record, signer)),
  };
  return [...keys, left];
}

/** What some roles may not touch. A role from before there were any policies has none, and who may not see its tokens can not have made any. */
async function deletionsWhereAllowed(store: Store, prefix: string): Promise<WriteOp[]> {
  try {
    const { values } = await store.list(prefix);
    return values.length === 0 ? [] : [{ op: 'delete-prefix', prefix }];
  } catch (thrown) {
    if (isDenied(thrown)) return [];
    throw thrown;
  }
}

function isDenied(thrown: unknown): boolean {
  return thrown instanceof IsthmusError && thrown.code === 'REGISTRY_DENIED';
}
