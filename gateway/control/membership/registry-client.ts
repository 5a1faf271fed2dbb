/** Owns a gateway's side of the registry: its session, its watches and the snapshot they build. */
import type { Clock, Random } from '../../../core/clock.ts';
import { IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import type { ClusterName, FederationName, ServiceName } from '../../../core/names.ts';
import { isUnauthenticated } from '../../../registry/etcd-errors.ts';
import type { EtcdStore } from '../../../registry/etcd-store.ts';
import { Informer } from '../../../registry/informer.ts';
import { encodeKey, kindPrefix, type RegistryKey } from '../../../registry/keys.ts';
import type { DepartureRecord } from '../../../registry/model.ts';
import type { Proofs } from '../../../registry/proofs.ts';
import type { Holding, Quota } from '../../../registry/quotas.ts';
import type { RawChange, RefusedRecord } from '../../../registry/record-reader.ts';
import { LeaseSession } from '../../../registry/session.ts';
import type { Snapshot, SnapshotDelta } from '../../../registry/snapshot.ts';
import { SnapshotBuilder } from '../../../registry/snapshot-builder.ts';
import type { SnapshotCache } from '../../../registry/snapshot-cache.ts';
import type { StoredValue, StoreState } from '../../../registry/store.ts';
import { SnapshotCopy } from './snapshot-copy.ts';

interface RegistryClientOptions {
  readonly federation: FederationName;
  readonly cluster: ClusterName;
  readonly store: EtcdStore;
  readonly cache: SnapshotCache;
  readonly proofs: Pick<Proofs, 'prove' | 'has'>;
  /** The most of each other cluster. */
  readonly quota: Quota;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Believes or refuses a record; see `RecordReaderOptions.verify`. */
  verify(key: RegistryKey, text: string, raw: unknown, isProven: boolean): void;
  /** The snapshot changed. */
  changed(delta: SnapshotDelta): void;
  /**
   * Keys that make this cluster a member, or that this gateway wants to be there, were deleted or tampered with; or a list tells
   * that they, or endpoints of this cluster, are not as they were: the registry may be an older one, brought back.
   */
  doubtful(keys: readonly string[]): void;
}

interface RegistryStatus {
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
  /** Why parts of it can't be read, each with its prefix. */
  readonly unread: readonly IsthmusError[];
}

/** By then the deletion of a lost gateway's own record has arrived, which a lost lease sends with those of its endpoints. */
const orphanGraceMs = 1_000;

export class RegistryClient {
  readonly session: LeaseSession;
  readonly #options: RegistryClientOptions;
  #store: EtcdStore;
  readonly #builder: SnapshotBuilder;
  readonly #informer: Informer;
  /** Since when what is known can't be confirmed, monotonic milliseconds; Infinity while it can. */
  #staleSince: number;
  #fromCache = false;
  #synced = false;
  readonly #copy: SnapshotCopy;
  readonly #whenSynced: (() => void)[] = [];

  constructor(options: RegistryClientOptions) {
    const { federation, cluster, store, proofs, clock, random, log } = options;
    const summaries = kindPrefix(federation, 'exports');
    this.#options = options;
    this.#store = store;
    this.#staleSince = clock.monotonic();
    this.#builder = new SnapshotBuilder({
      ...{ federation, cluster, verify: options.verify, quota: options.quota },
      passedOver: (key) => this.#informer.passedOver(key),
    });
    this.#copy = new SnapshotCopy({
      cache: options.cache,
      revision: () => this.snapshot.revision,
      records: () => this.#builder.records(),
      clock,
      log,
    });
    const heardOf = (key: string) => this.#informer.revisionOf(key);
    this.session = new LeaseSession({ store, heardOf, clock, random, log });
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
        summaries,
        kindPrefix(federation, 'endpoints', cluster),
      ],
      handler: {
        prepare: async (prefix, values) => {
          if (prefix !== summaries) return;
          await proofs.prove(values.filter((value) => !this.#builder.stands(value)));
        },
        synced: (prefix, values, revision) => {
          const changes = values.map((value) => this.#rawChange(value));
          this.#took(this.#builder.replace(prefix, changes, revision));
          this.#tellDoubtful(this.#refused(values), false);
        },
        changed: (_prefix, { puts, deletes, revision, relisted }) => {
          const changes = puts.map((put) => this.#rawChange(put));
          for (const { key } of deletes) changes.push({ key, value: undefined });
          this.#took(this.#builder.apply(changes, revision, relisted));
          const changed = relisted ? [...deletes, ...puts] : deletes;
          this.#tellDoubtful([...changed.map(({ key }) => key), ...this.#refused(puts)], relisted);
        },
        state: ({ kind }) => {
          if (kind !== 'synced') this.#staleSince = Math.min(this.#staleSince, clock.monotonic());
          else this.#staleSince = Infinity;
          if (kind !== 'synced' || this.#synced) return;
          this.#synced = true;
          this.#fromCache = false;
          // A crash from now on costs nothing that was known.
          this.#copy.saveNow();
          for (const resolve of this.#whenSynced.splice(0)) resolve();
        },
      },
    });
  }

  /** The registry, or what this gateway has instead. */
  get store(): EtcdStore {
    return this.#store;
  }

  /** Goes on, once started, with another way to the registry than its own, or with its own again. */
  use(store: EtcdStore): void {
    if (store === this.#store) return;
    this.#store = store;
    this.#informer.use(store);
    this.session.use(store);
  }

  /** Records that were refused so far, counted. */
  get refusals(): readonly RefusedRecord[] {
    return this.#builder.refusals;
  }

  get snapshot(): Snapshot {
    return this.#builder.snapshot;
  }

  /** How current each part of the registry is known. */
  get watches(): Informer['state']['prefixes'] {
    return this.#informer.state.prefixes;
  }

  /** Keys that this gateway may not read or write, records that were refused, and a cache that can't be used. */
  get problems(): IsthmusError[] {
    const { state, problem } = this.#store;
    const isStranger = state.kind === 'unavailable' && isUnauthenticated(state.problem);
    return [
      ...(isStranger ? [state.problem] : []),
      ...(problem ? [problem] : []),
      ...this.#unread.filter(({ code }) => code === 'REGISTRY_DENIED'),
      ...this.session.problems,
      ...this.#builder.problems.values(),
      ...(this.#copy.problem ? [this.#copy.problem] : []),
    ];
  }

  get #unread(): IsthmusError[] {
    return this.#informer.state.prefixes.flatMap(({ prefix, state }) => {
      if (state.kind === 'watching' || state.problem === undefined) return [];
      const { code, message, cause } = state.problem;
      const what = `It could not be read: ${message}`;
      return [new IsthmusError(code, { what, where: prefix, cause })];
    });
  }

  get status(): RegistryStatus {
    const { kind, prefixes } = this.#informer.state;
    const session = this.session.state;
    // A registry that lost its data counts anew; what is known from its past stays known.
    const heard = Math.max(...prefixes.map(({ revision }) => revision));
    return {
      store: this.#store.state,
      revision: heard > 0 ? heard : this.snapshot.revision,
      stale: kind !== 'synced',
      staleMs: kind === 'synced' ? 0 : this.#options.clock.monotonic() - this.#staleSince,
      fromCache: this.#fromCache,
      pendingWrites: 'pending' in session ? session.pending : 0,
      resyncs: prefixes.reduce((sum, { resyncs }) => sum + resyncs, 0),
      unread: this.#unread,
    };
  }

  /** Takes up the last good snapshot from the disk, then begins to watch and write. The registry may be down. */
  async start(): Promise<void> {
    const cached = await this.#copy.load();
    if (cached) {
      this.#fromCache = true;
      this.#took(this.#builder.apply(cached.records, cached.revision));
    }
    this.#informer.start();
    this.session.start();
  }

  /** Whether the snapshot is known, be it from the disk. */
  get isInformed(): boolean {
    return this.#synced || this.#fromCache;
  }

  /** Whether what the registry has there is not believed. */
  isRefused(key: RegistryKey): boolean {
    return this.#builder.isRefused(encodeKey(this.#options.federation, key));
  }

  /** How much of this cluster is in the registry. */
  get held(): Holding {
    return this.#builder.held(this.#options.cluster);
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
    await this.#copy.saved();
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
    await this.#copy.close();
    await this.#options.store.close();
  }

  #took(delta: SnapshotDelta): void {
    if (delta.services.size > 0 || delta.clusters.size > 0) this.#options.changed(delta);
    this.#settleLater(delta);
    this.#saveLater();
  }

  /** Whether they were lost, or thrown out with the cluster, is for `doubtful` to find out. */
  #tellDoubtful(changed: readonly string[], relisted: boolean): void {
    const { federation, cluster, doubtful } = this.#options;
    const own = (['clusters', 'bundles', 'departures'] as const).map((kind) =>
      encodeKey(federation, { kind, cluster }),
    );
    const endpoints = kindPrefix(federation, 'endpoints', cluster);
    const concerning = changed.filter(
      (key) =>
        own.includes(key) || this.session.wants(key) || (relisted && key.startsWith(endpoints)),
    );
    if (concerning.length > 0) doubtful(concerning);
  }

  /** Keys at which something stands that is not believed: if they are its own, this cluster writes them again. */
  #refused(values: readonly StoredValue[]): string[] {
    return values.flatMap(({ key }) => (this.#builder.isRefused(key) ? [key] : []));
  }

  #rawChange(stored: StoredValue): RawChange {
    const { key, value } = stored;
    const isProven = this.#options.proofs.has(stored) || this.session.wantsThis(key, value);
    return { key, value, isProven };
  }

  #saveLater(): void {
    if (!this.#fromCache) this.#copy.saveLater();
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
}
