/** Owns turning what stands in the registry into the snapshot, one change at a time. */
import { IsthmusError } from '../core/errors.ts';
import type { ClusterName, FederationName, ServiceName } from '../core/names.ts';
import { ShardMap } from '../core/shard-map.ts';
import { Departures } from './departures.ts';
import { encodeKey, kindPrefix, type RegistryKey } from './keys.ts';
import type { BundleRecord, DepartureRecord, EndpointRecord, ExportRecord } from './model.ts';
import { type Holding, type Quota, Quotas } from './quotas.ts';
import {
  type RawChange,
  type ReadRecord,
  RecordReader,
  type RecordReaderOptions,
  type RefusedRecord,
} from './record-reader.ts';
import type { Snapshot, SnapshotDelta } from './snapshot.ts';
import { type ParsedRecord, SnapshotDraft } from './snapshot-draft.ts';

interface SnapshotBuilderOptions extends RecordReaderOptions {
  /** The own cluster, if any: its summaries are never held, for it would not write again what it still sees. */
  readonly cluster?: ClusterName;
  /** The most of each other cluster; default no bound. */
  readonly quota?: Quota;
  /** A record of the registry is not taken, for there is too much of its cluster: it is to be told again when everything is listed next. */
  passedOver?(key: string): void;
}

const unbounded: Quota = { services: Infinity, records: Infinity, bytes: Infinity };
/** Kinds of which a cluster may have many, and too many. */
const boundedKinds = new Set<RegistryKey['kind']>(['exports', 'gateways']);

/**
 * Builds snapshots. A record that doesn't parse, names another cluster than its key, or isn't believed is
 * skipped, kept under `problems`, and leaves the last good one in force; the others still apply.
 */
export class SnapshotBuilder {
  readonly #federation: FederationName;
  readonly #own: ClusterName | undefined;
  readonly #reader: RecordReader;
  readonly #quotas: Quotas;
  readonly #passedOver: (key: string) => void;
  readonly #departures = new Departures();
  /** Summaries that are gone from the registry and stay in force: their withdrawal is held. */
  readonly #held = new Map<ClusterName, Set<ServiceName>>();
  /** Revisions at which gateways and endpoints were seen to be deleted; missed deletions, of which only lists tell, are not here. */
  readonly #deletedAt = new Map<string, number>();
  #snapshot: Snapshot = { revision: 0, clusters: new Map(), services: ShardMap.empty() };

  constructor(options: SnapshotBuilderOptions) {
    this.#federation = options.federation;
    this.#own = options.cluster;
    this.#reader = new RecordReader(options);
    this.#quotas = new Quotas(options.quota ?? unbounded);
    this.#passedOver = (key) => options.passedOver?.(key);
  }

  /** Why records of the registry are not in force; by key, or by the name of a held withdrawal or loss. */
  get problems(): ReadonlyMap<string, IsthmusError> {
    const members = [...this.#snapshot.clusters.values()].filter(
      ({ record, bundle }) => record ?? bundle,
    );
    const losses = this.#departures.problems(
      this.#federation,
      new Set(members.map(({ cluster }) => cluster)),
    );
    return new Map([...losses, ...this.#quotas.problems, ...this.#reader.problems]);
  }

  /** Records that were refused so far, counted. */
  get refusals(): readonly RefusedRecord[] {
    return this.#reader.counts;
  }

  /** Whether what stands at a key was refused. */
  isRefused(key: string): boolean {
    return this.#reader.refused.has(key);
  }

  /** How much is held of a cluster. */
  held(cluster: ClusterName): Holding {
    return this.#quotas.held(cluster);
  }

  /** How a cluster left, if it did. */
  departure(cluster: ClusterName): DepartureRecord | undefined {
    return this.#departures.of(cluster);
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /**
   * Applies the changes of one revision. Bundles go first, so that what they sign can be believed. `relisted`:
   * they were found by comparing lists, and happened at or before that revision.
   */
  apply(changes: readonly RawChange[], revision: number, relisted = false): SnapshotDelta {
    const draft = new SnapshotDraft(this.#snapshot);
    const deletions: RegistryKey[] = [];
    for (const change of bundlesFirst(changes)) {
      this.#deletedAt.delete(change.key);
      if (change.value === undefined) {
        const key = this.#reader.key(change.key);
        this.#reader.forget(change.key);
        if (key) deletions.push(key);
        if (key) this.#quotas.forget(key.cluster, change.key);
        if (!relisted && (key?.kind === 'gateways' || key?.kind === 'endpoints')) {
          this.#deletedAt.set(change.key, revision);
        }
      } else {
        const parsed = this.#reader.read(change.key, change.value, change.isProven);
        if (parsed && this.#admits(draft, change.key, parsed)) this.#put(draft, parsed, deletions);
      }
    }
    this.#withdraw(draft, deletions);
    this.#snapshot = draft.finish(Math.max(revision, this.#snapshot.revision));
    return draft;
  }

  /** Whether there is room for a record of its cluster. What this cluster itself wrote is taken: it was refused before, or not at all. */
  #admits(draft: SnapshotDraft, text: string, { key, bytes }: ReadRecord): boolean {
    if (key.kind === 'departures') return true;
    const before = this.#shareOf(key, draft.recordAt(key));
    const share = { cluster: key.cluster, kind: key.kind, bytes };
    if (key.cluster === this.#own || !boundedKinds.has(key.kind)) {
      this.#quotas.take(share, before);
      return true;
    }
    if (this.#quotas.admit(text, share, before)) return true;
    this.#reader.countRefusal(key.kind, 'QUOTA_EXCEEDED');
    this.#passedOver(text);
    return false;
  }

  #shareOf({ cluster, kind }: RegistryKey, record: object | undefined) {
    if (record === undefined) return undefined;
    return { cluster, kind, bytes: this.#reader.bytes(record) };
  }

  /** An endpoint is held until it is dropped. */
  #remove(draft: SnapshotDraft, key: RegistryKey): void {
    const share = key.kind === 'endpoints' ? undefined : this.#shareOf(key, draft.recordAt(key));
    if (share) this.#quotas.release(share);
    draft.remove(key);
  }

  #put(draft: SnapshotDraft, parsed: ParsedRecord, deletions: RegistryKey[]): void {
    const { key, record } = parsed;
    if (key.kind === 'departures') {
      const { cluster } = key;
      for (const kind of this.#departures.left(record as DepartureRecord)) {
        deletions.push({ kind, cluster });
      }
      return;
    }
    if (key.kind === 'bundles') this.#forgetReplaced(draft, key.cluster, record as BundleRecord);
    draft.put(parsed);
    if (key.kind === 'exports') this.#release(key.cluster, key.service);
    if (key.kind === 'clusters' || key.kind === 'bundles') {
      this.#departures.stands(key.cluster, key.kind);
    }
  }

  /** What was known of a cluster whose place another of its name has taken is no loss, and not held. */
  #forgetReplaced(draft: SnapshotDraft, cluster: ClusterName, { admission }: BundleRecord): void {
    const known = this.#snapshot.clusters.get(cluster)?.bundle;
    if (!known || !admission?.replaces || admission.at <= (known.admission?.at ?? 0)) return;
    for (const service of draft.forget(cluster)) this.#release(cluster, service);
  }

  /** Replaces everything below `prefix` by a complete listing: what it lacks was deleted meanwhile. */
  replace(prefix: string, values: readonly RawChange[], revision: number): SnapshotDelta {
    const present = new Set(values.map((value) => value.key));
    const news = values.filter((value) => !this.stands(value));
    const gone = [...this.keys(prefix), ...this.#reader.refused.keys()]
      .filter((key) => key.startsWith(prefix) && !present.has(key))
      .map((key): RawChange => ({ key, value: undefined }));
    return this.apply([...news, ...gone], revision, true);
  }

  /** Whether a value is in force as it is: what is known from the disk, or from another list, is not to be taken in again. */
  stands(value: RawChange): boolean {
    const key = this.#reader.key(value.key);
    if (key?.kind !== 'endpoints' && key?.kind !== 'exports') return false;
    if (this.#reader.refused.has(value.key)) return false;
    const view = this.#snapshot.services.get(key.service);
    if (key.kind === 'exports') {
      const record = view?.exports.get(key.cluster);
      const isHeld = this.#held.get(key.cluster)?.has(key.service) ?? false;
      return record !== undefined && !isHeld && this.#reader.isSame(key, value, record);
    }
    const held = view?.endpoints.get(key.id);
    return held !== undefined && !held.orphaned && this.#reader.isSame(key, value, held.record);
  }

  /** Looks again at what was refused; call when trust changed. */
  reconsider(): SnapshotDelta {
    const again = [...this.#reader.refused].map(([key, value]): RawChange => ({ key, value }));
    return this.apply(again, this.#snapshot.revision);
  }

  /** Forgets an orphaned endpoint whose probes failed; one that is back stays. */
  drop(service: ServiceName, id: string): SnapshotDelta {
    const held = this.#snapshot.services.get(service)?.endpoints.get(id);
    return this.#drop(held?.orphaned ? [{ service, id }] : []);
  }

  /**
   * Forgets the orphaned endpoints that were withdrawn: those whose gateway stands, or went only after them, as it
   * does when it ends in good order; a lost lease takes all at one revision. Endpoints and gateways are watched
   * apart, so call this when the gateway's own deletion has had time to arrive.
   */
  settleOrphans(services: Iterable<ServiceName>): SnapshotDelta {
    const withdrawn: { service: ServiceName; id: string }[] = [];
    for (const service of services) {
      for (const [id, held] of this.#snapshot.services.get(service)?.endpoints ?? []) {
        if (held.orphaned && this.#wasWithdrawn(held.record)) withdrawn.push({ service, id });
      }
    }
    return this.#drop(withdrawn);
  }

  #wasWithdrawn({ cluster, service, id, gateway }: EndpointRecord): boolean {
    if (this.#snapshot.clusters.get(cluster)?.gateways.has(gateway)) return true;
    const deletedAt = (key: RegistryKey) => this.#deletedAt.get(encodeKey(this.#federation, key));
    const endpointAt = deletedAt({ kind: 'endpoints', cluster, service, id });
    const gatewayAt = deletedAt({ kind: 'gateways', cluster, id: gateway });
    return endpointAt !== undefined && gatewayAt !== undefined && endpointAt < gatewayAt;
  }

  /** Every registry key the snapshot stands on, with its record as it was stored: what the disk cache keeps. Later changes don't show. */
  *records(): IterableIterator<[string, object]> {
    for (const [key, record] of this.#parsedRecords()) {
      yield [key, this.#reader.stored(record)];
    }
  }

  /** Their keys; with `prefix` those of the kinds that have any below it. */
  *keys(prefix = ''): IterableIterator<string> {
    for (const [key] of this.#parsedRecords(prefix)) yield key;
  }

  *#parsedRecords(prefix = ''): IterableIterator<[string, object]> {
    const federation = this.#federation;
    const { clusters, services } = this.#snapshot;
    const isWanted = (kind: RegistryKey['kind']): boolean => {
      const all = kindPrefix(federation, kind);
      return all.startsWith(prefix) || prefix.startsWith(all);
    };
    for (const { cluster, record, bundle, gateways, synced } of clusters.values()) {
      if (record) yield [encodeKey(federation, { kind: 'clusters', cluster }), record];
      if (bundle) yield [encodeKey(federation, { kind: 'bundles', cluster }), bundle];
      if (synced) yield [encodeKey(federation, { kind: 'synced', cluster }), synced];
      for (const [id, gateway] of gateways) {
        yield [encodeKey(federation, { kind: 'gateways', cluster, id }), gateway];
      }
    }
    for (const departure of this.#departures.all) {
      yield [encodeKey(federation, { kind: 'departures', cluster: departure.cluster }), departure];
    }
    const [withEndpoints, withExports] = [isWanted('endpoints'), isWanted('exports')];
    if (!withEndpoints && !withExports) return;
    for (const { service, endpoints, exports } of services.values()) {
      for (const [id, { record }] of withEndpoints ? endpoints : []) {
        yield [
          encodeKey(federation, { kind: 'endpoints', cluster: record.cluster, service, id }),
          record,
        ];
      }
      for (const [cluster, summary] of withExports ? exports : []) {
        yield [encodeKey(federation, { kind: 'exports', cluster, service }), summary];
      }
    }
  }

  #drop(endpoints: readonly { service: ServiceName; id: string }[]): SnapshotDelta {
    const draft = new SnapshotDraft(this.#snapshot);
    for (const { service, id } of endpoints) {
      const record = this.#snapshot.services.get(service)?.endpoints.get(id)?.record;
      if (record === undefined) continue;
      const { cluster } = record;
      const share = this.#shareOf({ kind: 'endpoints', cluster, service, id }, record);
      if (share) this.#quotas.release(share);
      this.#deletedAt.delete(
        encodeKey(this.#federation, { kind: 'endpoints', cluster, service, id }),
      );
      draft.endpoint(service, id, undefined);
    }
    this.#snapshot = draft.finish(this.#snapshot.revision);
    return draft;
  }

  /**
   * Deletions. An endpoint is orphaned, not removed: see `settleOrphans`. A cluster that has not left stays: see
   * `Departures`. Export summaries that still named copies and make up more than half of their cluster's are held: a
   * fault, not a decision, unless the cluster left. Summaries and clusters are watched apart, so a cluster's record may go before or after them.
   */
  #withdraw(draft: SnapshotDraft, deletions: readonly RegistryKey[]): void {
    const meant = deletions.filter((key) => !this.#isLoss(key));
    const left = new Set(meant.flatMap((key) => (key.kind === 'clusters' ? [key.cluster] : [])));
    const withdrawn = new Map<ClusterName, ServiceName[]>();
    for (const key of meant) {
      if (key.kind === 'departures') this.#departures.forget(key.cluster);
      if (key.kind === 'exports' && !left.has(key.cluster) && this.#mayBeHeld(key.cluster)) {
        const summary = this.#snapshot.services.get(key.service)?.exports.get(key.cluster);
        if (namesCopies(summary)) {
          withdrawn.set(key.cluster, [...(withdrawn.get(key.cluster) ?? []), key.service]);
          continue;
        }
      }
      this.#remove(draft, key);
    }
    for (const cluster of left) {
      for (const service of this.#held.get(cluster) ?? []) {
        this.#remove(draft, { kind: 'exports', cluster, service });
        this.#release(cluster, service);
      }
    }
    for (const [cluster, services] of withdrawn) {
      const known = countExports(this.#snapshot, cluster, services.length);
      if (services.length * 2 > known) this.#hold(cluster, services, known);
      else
        for (const service of services) this.#remove(draft, { kind: 'exports', cluster, service });
    }
  }

  /** Whether a record that makes a cluster a member is gone without its having left. */
  #isLoss(key: RegistryKey): boolean {
    if (key.kind !== 'clusters' && key.kind !== 'bundles') return false;
    const view = this.#snapshot.clusters.get(key.cluster);
    const known = key.kind === 'clusters' ? view?.record : view?.bundle;
    return known !== undefined && this.#departures.holds(key.cluster, key.kind);
  }

  #mayBeHeld(cluster: ClusterName): boolean {
    return cluster !== this.#own && this.#snapshot.clusters.get(cluster)?.record !== undefined;
  }

  #hold(cluster: ClusterName, services: readonly ServiceName[], known: number): void {
    this.#held.set(cluster, new Set([...(this.#held.get(cluster) ?? []), ...services]));
    this.#reader.problems.set(
      withdrawalOf(cluster),
      new IsthmusError('WITHDRAWAL_HELD', {
        what: `One revision would withdraw ${services.length} of ${known} services of ${cluster}, none of them emptied first`,
        where: encodeKey(this.#federation, { kind: 'clusters', cluster }),
      }),
    );
  }

  /** A summary is in the registry again, or was let go: with the last one nothing is held any more. */
  #release(cluster: ClusterName, service: ServiceName): void {
    const held = this.#held.get(cluster);
    if (!held?.delete(service) || held.size > 0) return;
    this.#held.delete(cluster);
    this.#reader.problems.delete(withdrawalOf(cluster));
  }
}

/** The name of a held withdrawal in `problems`: it has no registry key of its own. */
function withdrawalOf(cluster: ClusterName): string {
  return `withdrawal/${cluster}`;
}

function namesCopies(summary: ExportRecord | undefined): boolean {
  return summary?.localities.some(({ total }) => total > 0) ?? false;
}

function bundlesFirst(changes: readonly RawChange[]): readonly RawChange[] {
  const bundles: RawChange[] = [];
  const others: RawChange[] = [];
  for (const change of changes) (change.key.includes('/bundles/') ? bundles : others).push(change);
  return bundles.length === 0 ? changes : [...bundles, ...others];
}

/** How many services a cluster offers copies of, counting no further than needed to know that `part` is at most half. */
function countExports(snapshot: Snapshot, cluster: ClusterName, part: number): number {
  let known = 0;
  for (const view of snapshot.services.values()) {
    if (namesCopies(view.exports.get(cluster))) known++;
    if (known >= part * 2) break;
  }
  return known;
}
