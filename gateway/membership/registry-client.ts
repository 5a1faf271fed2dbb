/** Owns a gateway's side of the registry: its session, its watches, the snapshot they build, and that snapshot's copy on disk. */
import type { Clock, Random } from '../../core/clock.ts';
import { asIsthmusError, type IsthmusError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { ClusterName, FederationName, ServiceName } from '../../core/names.ts';
import { Informer } from '../../registry/informer.ts';
import { encodeKey, kindPrefix, type RegistryKey } from '../../registry/keys.ts';
import type { DepartureRecord } from '../../registry/model.ts';
import type { RawChange } from '../../registry/record-reader.ts';
import { LeaseSession } from '../../registry/session.ts';
import type { Snapshot, SnapshotDelta } from '../../registry/snapshot.ts';
import { SnapshotBuilder } from '../../registry/snapshot-builder.ts';
import type { SnapshotCache } from '../../registry/snapshot-cache.ts';
import type { Store, StoredValue, StoreState } from '../../registry/store.ts';

export interface RegistryClientOptions {
  readonly federation: FederationName;
  readonly cluster: ClusterName;
  readonly store: Store;
  readonly cache: SnapshotCache;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Believes or refuses a record; see `RecordReaderOptions.verify`. */
  verify(key: RegistryKey, text: string, raw: unknown): void;
  /** The snapshot changed. */
  changed(delta: SnapshotDelta): void;
  /** Keys that make this cluster a member, or that this gateway wants to be there, were deleted. */
  lost(keys: readonly string[]): void;
}

export interface RegistryStatus {
  readonly store: StoreState;
  readonly revision: number;
  /** Whether what is known could not be confirmed lately. */
  readonly stale: boolean;
  /** For how long it could not be, in milliseconds; 0 while it can. */
  readonly staleMs: number;
  /** Whether what is known comes from the disk, the registry not having answered since the start. */
  readonly fromCache: boolean;
  /** Writes the registry has not taken yet. */
  readonly pendingWrites: number;
  readonly resyncs: number;
}

/** After the first time the cache is written at most this often, and never for more than a fiftieth of the time. */
const cacheEveryMs = 2_000;
const cacheTimeShare = 1 / 50;
/** By then the deletion of a lost gateway's own record has arrived, which a lost lease sends with those of its endpoints. */
const orphanGraceMs = 1_000;

export class RegistryClient {
  readonly session: LeaseSession;
  readonly #options: RegistryClientOptions;
  readonly #builder: SnapshotBuilder;
  readonly #informer: Informer;
  /** Since when what is known can't be confirmed, monotonic milliseconds; Infinity while it can. */
  #staleSince: number;
  #fromCache = false;
  #synced = false;
  #savedRevision = -1;
  #lastSaveMs = 0;
  /** Set while what is known has changed since it was last saved. */
  #cancelSave: (() => void) | undefined;
  #saving: Promise<void> = Promise.resolve();
  #cacheProblem: IsthmusError | undefined;
  readonly #whenSynced: (() => void)[] = [];

  constructor(options: RegistryClientOptions) {
    const { federation, cluster, store, clock, random, log } = options;
    this.#options = options;
    this.#staleSince = clock.monotonic();
    this.#builder = new SnapshotBuilder({ federation, cluster, verify: options.verify });
    this.session = new LeaseSession({ store, clock, random, log });
    this.#informer = new Informer({
      store,
      clock,
      random,
      log,
      // Bundles are listed first: the records they sign are believed by them.
      prefixes: [
        kindPrefix(federation, 'bundles'),
        kindPrefix(federation, 'clusters'),
        kindPrefix(federation, 'gateways'),
        kindPrefix(federation, 'synced'),
        kindPrefix(federation, 'departures'),
        kindPrefix(federation, 'exports'),
        kindPrefix(federation, 'endpoints', cluster),
      ],
      handler: {
        synced: (prefix, values, revision) =>
          this.#took(this.#builder.replace(prefix, values.map(rawChange), revision)),
        changed: (_prefix, { puts, deletes, revision, relisted }) => {
          const changes: RawChange[] = puts.map(rawChange);
          for (const { key } of deletes) changes.push({ key, value: undefined });
          this.#took(this.#builder.apply(changes, revision, relisted));
          this.#tellLost(deletes.map(({ key }) => key));
        },
        state: ({ kind }) => {
          if (kind !== 'synced') this.#staleSince = Math.min(this.#staleSince, clock.monotonic());
          else this.#staleSince = Infinity;
          if (kind !== 'synced' || this.#synced) return;
          this.#synced = true;
          this.#fromCache = false;
          // A crash from now on costs nothing that was known.
          this.#saveNow();
          for (const resolve of this.#whenSynced.splice(0)) resolve();
        },
      },
    });
  }

  get snapshot(): Snapshot {
    return this.#builder.snapshot;
  }

  /** What was refused, by registry key, and a cache that can't be used. */
  get problems(): IsthmusError[] {
    const cache = this.#cacheProblem ? [this.#cacheProblem] : [];
    return [...this.#builder.problems.values(), ...cache];
  }

  get status(): RegistryStatus {
    const { kind, prefixes } = this.#informer.state;
    const session = this.session.state;
    return {
      store: this.#options.store.state,
      revision: this.snapshot.revision,
      stale: kind !== 'synced',
      staleMs: kind === 'synced' ? 0 : this.#options.clock.monotonic() - this.#staleSince,
      fromCache: this.#fromCache,
      pendingWrites: 'pending' in session ? session.pending : 0,
      resyncs: prefixes.reduce((sum, { resyncs }) => sum + resyncs, 0),
    };
  }

  /** Takes up the last good snapshot from the disk, then begins to watch and write. The registry may be down. */
  async start(): Promise<void> {
    try {
      const cached = await this.#options.cache.load();
      if (cached) {
        this.#fromCache = true;
        this.#took(this.#builder.apply(cached.records, cached.revision));
        this.#savedRevision = cached.revision;
      }
    } catch (thrown) {
      // A cache that can't be used costs only the start without a registry.
      this.#cacheProblem = asIsthmusError(thrown);
      this.#options.log.error({ err: thrown }, 'starting without the cached snapshot');
    }
    this.#informer.start();
    this.session.start();
  }

  /** How a cluster left, as the registry says, or said last. */
  departure(cluster: ClusterName): DepartureRecord | undefined {
    return this.#builder.departure(cluster);
  }

  /** Resolves when every prefix has been listed once. */
  synced(): Promise<void> {
    if (this.#synced) return Promise.resolve();
    return new Promise((resolve) => this.#whenSynced.push(resolve));
  }

  /** Resolves when what every prefix listed is on the disk, or could not be written, which `problems` has. */
  async kept(): Promise<void> {
    await this.synced();
    await this.#saving;
  }

  /** Looks again at refused records; call when trust changed. */
  reconsider(): void {
    this.#took(this.#builder.reconsider());
  }

  /** Forgets an endpoint whose gateway was lost and whose probes failed. */
  dropOrphan(service: ServiceName, id: string): void {
    this.#took(this.#builder.drop(service, id));
  }

  /** Stops watching and saves the snapshot. Close the session before. */
  async close(): Promise<void> {
    this.#informer.close();
    const changed = this.#cancelSave !== undefined;
    this.#cancelSave?.();
    if (changed || this.snapshot.revision !== this.#savedRevision) this.#save();
    await this.#saving;
    await this.#options.store.close();
  }

  #took(delta: SnapshotDelta): void {
    if (delta.services.size > 0 || delta.clusters.size > 0) this.#options.changed(delta);
    this.#settleLater(delta);
    this.#saveLater();
  }

  /** Whether they were lost, or thrown out with the cluster, is for `lost` to find out. */
  #tellLost(deleted: readonly string[]): void {
    const { federation, cluster, lost } = this.#options;
    const own = (['clusters', 'bundles'] as const).map((kind) =>
      encodeKey(federation, { kind, cluster }),
    );
    const missed = deleted.filter((key) => own.includes(key) || this.session.wants(key));
    if (missed.length > 0) lost(missed);
  }

  #saveLater(): void {
    if (this.#fromCache) return;
    const delayMs = Math.max(cacheEveryMs, this.#lastSaveMs / cacheTimeShare);
    this.#cancelSave ??= this.#options.clock.after(delayMs, () => this.#saveNow());
  }

  #saveNow(): void {
    this.#cancelSave?.();
    this.#cancelSave = undefined;
    this.#save();
  }

  #settleLater(delta: SnapshotDelta): void {
    const orphans = [...delta.services].filter((service) =>
      this.snapshot.services
        .get(service)
        ?.endpoints.values()
        .some(({ orphaned }) => orphaned),
    );
    if (orphans.length === 0) return;
    this.#options.clock.after(orphanGraceMs, () => {
      const settled = this.#builder.settleOrphans(orphans);
      if (settled.services.size === 0) return;
      this.#options.changed(settled);
      this.#saveLater();
    });
  }

  /** One after the other, so that the newest is the one that stays. */
  #save(): void {
    this.#saving = this.#saving.then(() => this.#write());
  }

  async #write(): Promise<void> {
    const { cache, clock, log } = this.#options;
    const { revision } = this.snapshot;
    const started = clock.monotonic();
    try {
      await cache.save(revision, clock.now(), this.#builder.records());
      this.#savedRevision = revision;
      this.#lastSaveMs = clock.monotonic() - started;
      this.#cacheProblem = undefined;
    } catch (thrown) {
      this.#cacheProblem = asIsthmusError(thrown);
      log.error({ err: thrown }, 'the snapshot could not be saved');
    }
  }
}

function rawChange({ key, value }: StoredValue): RawChange {
  return { key, value };
}
