/** Owns a snapshot under change: copies only what a change touches, and remembers what that was. */
import type { ClusterName, ServiceName } from '../core/names.ts';
import type { RegistryKey } from './keys.ts';
import type {
  BundleRecord,
  ClusterRecord,
  DepartureRecord,
  EndpointRecord,
  ExportRecord,
  GatewayRecord,
  SyncedRecord,
} from './model.ts';
import type {
  ClusterView,
  HeldEndpoint,
  ServiceView,
  Snapshot,
  SnapshotDelta,
} from './snapshot.ts';

/** A key and the record that was found there, both parsed. */
export type ParsedRecord =
  | { readonly key: RegistryKey & { kind: 'clusters' }; readonly record: ClusterRecord }
  | { readonly key: RegistryKey & { kind: 'bundles' }; readonly record: BundleRecord }
  | { readonly key: RegistryKey & { kind: 'gateways' }; readonly record: GatewayRecord }
  | { readonly key: RegistryKey & { kind: 'endpoints' }; readonly record: EndpointRecord }
  | { readonly key: RegistryKey & { kind: 'exports' }; readonly record: ExportRecord }
  | { readonly key: RegistryKey & { kind: 'synced' }; readonly record: SyncedRecord }
  | { readonly key: RegistryKey & { kind: 'departures' }; readonly record: DepartureRecord };

/** A service that may still be changed: nobody else has its maps before the draft is finished. */
interface DraftedService extends ServiceView {
  readonly endpoints: Map<string, HeldEndpoint>;
  readonly exports: Map<ClusterName, ExportRecord>;
}

export class SnapshotDraft implements SnapshotDelta {
  readonly services = new Set<ServiceName>();
  readonly clusters = new Set<ClusterName>();
  readonly #base: Snapshot;
  readonly #serviceChanges = new Map<ServiceName, DraftedService>();
  #clusters: Map<ClusterName, ClusterView> | undefined;

  constructor(base: Snapshot) {
    this.#base = base;
  }

  put({ key, record }: ParsedRecord): void {
    switch (key.kind) {
      case 'clusters':
        this.#cluster(key.cluster, { record: record as ClusterRecord });
        break;
      case 'bundles':
        this.#cluster(key.cluster, { bundle: record as BundleRecord });
        break;
      case 'synced':
        this.#cluster(key.cluster, { synced: record as SyncedRecord });
        break;
      case 'gateways':
        this.#gateway(key.cluster, key.id, record as GatewayRecord);
        break;
      case 'endpoints':
        this.endpoint(key.service, key.id, { record: record as EndpointRecord, orphaned: false });
        break;
      case 'exports':
        this.#export(key.service, key.cluster, record as ExportRecord);
        break;
    }
  }

  /** The record at a key, as things stand; undefined where there is none, and for departures. */
  recordAt(key: RegistryKey): object | undefined {
    switch (key.kind) {
      case 'clusters':
        return this.#clusterAt(key.cluster)?.record;
      case 'bundles':
        return this.#clusterAt(key.cluster)?.bundle;
      case 'synced':
        return this.#clusterAt(key.cluster)?.synced;
      case 'gateways':
        return this.#clusterAt(key.cluster)?.gateways.get(key.id);
      case 'endpoints':
        return this.#serviceAt(key.service)?.endpoints.get(key.id)?.record;
      case 'exports':
        return this.#serviceAt(key.service)?.exports.get(key.cluster);
      default:
        return undefined;
    }
  }

  remove(key: RegistryKey): void {
    switch (key.kind) {
      case 'clusters':
        this.#cluster(key.cluster, { record: undefined });
        break;
      case 'bundles':
        this.#cluster(key.cluster, { bundle: undefined });
        break;
      case 'synced':
        this.#cluster(key.cluster, { synced: undefined });
        break;
      case 'gateways':
        this.#gateway(key.cluster, key.id, undefined);
        break;
      case 'endpoints':
        this.#orphan(key.service, key.id);
        break;
      case 'exports':
        this.#export(key.service, key.cluster, undefined);
        break;
      case 'departures':
        // The snapshot has none; that it is gone says all the same that the cluster may be back.
        this.clusters.add(key.cluster);
        break;
      case 'tokens':
        break;
    }
  }

  /** Removes all that is known of another cluster but for its bundle; returns the services that it had summaries of. */
  forget(cluster: ClusterName): ServiceName[] {
    for (const kind of ['clusters', 'synced'] as const) this.remove({ kind, cluster });
    for (const id of this.#base.clusters.get(cluster)?.gateways.keys() ?? []) {
      this.remove({ kind: 'gateways', cluster, id });
    }
    const services = [...this.#base.services.values()].filter((view) => view.exports.has(cluster));
    for (const { service } of services) this.remove({ kind: 'exports', cluster, service });
    return services.map(({ service }) => service);
  }

  endpoint(service: ServiceName, id: string, held: HeldEndpoint | undefined): void {
    const { endpoints } = this.#ownService(service);
    if (held) endpoints.set(id, held);
    else endpoints.delete(id);
  }

  finish(revision: number): Snapshot {
    const changes = [...this.#serviceChanges].map(
      ([name, view]): [string, ServiceView | undefined] => [
        name,
        view.endpoints.size === 0 && view.exports.size === 0 ? undefined : view,
      ],
    );
    return {
      revision,
      clusters: this.#clusters ?? this.#base.clusters,
      services: this.#base.services.with(changes),
    };
  }

  /** Whether the endpoint was withdrawn or lost with its gateway is not known yet. */
  #orphan(service: ServiceName, id: string): void {
    const held = this.#serviceAt(service)?.endpoints.get(id);
    if (held) this.endpoint(service, id, { record: held.record, orphaned: true });
  }

  #export(service: ServiceName, cluster: ClusterName, record: ExportRecord | undefined): void {
    const { exports } = this.#ownService(service);
    if (record) exports.set(cluster, record);
    else exports.delete(cluster);
  }

  #clusterAt(cluster: ClusterName): ClusterView | undefined {
    return (this.#clusters ?? this.#base.clusters).get(cluster);
  }

  #serviceAt(service: ServiceName): ServiceView | undefined {
    return this.#serviceChanges.get(service) ?? this.#base.services.get(service);
  }

  /** The draft's own copy of a service, made when it is first changed. */
  #ownService(service: ServiceName): DraftedService {
    const known = this.#serviceChanges.get(service);
    if (known) return known;
    const before = this.#base.services.get(service);
    const own = {
      service,
      endpoints: new Map(before?.endpoints),
      exports: new Map(before?.exports),
    };
    this.#serviceChanges.set(service, own);
    this.services.add(service);
    return own;
  }

  #cluster(
    cluster: ClusterName,
    change: { [K in 'record' | 'bundle' | 'synced']?: ClusterView[K] | undefined },
  ): void {
    this.#clusters ??= new Map(this.#base.clusters);
    const before: ClusterView = this.#clusters.get(cluster) ?? { cluster, gateways: new Map() };
    const merged = Object.entries({ ...before, ...change }).filter(
      ([, value]) => value !== undefined,
    );
    const after = Object.fromEntries(merged) as unknown as ClusterView;
    if (after.record || after.bundle || after.synced || after.gateways.size > 0) {
      this.#clusters.set(cluster, after);
    } else {
      this.#clusters.delete(cluster);
    }
    this.clusters.add(cluster);
  }

  #gateway(cluster: ClusterName, id: string, record: GatewayRecord | undefined): void {
    this.#clusters ??= new Map(this.#base.clusters);
    const before: ClusterView = this.#clusters.get(cluster) ?? { cluster, gateways: new Map() };
    const gateways = new Map(before.gateways);
    if (record) gateways.set(id, record);
    else gateways.delete(id);
    this.#clusters.set(cluster, { ...before, gateways });
    this.#cluster(cluster, {});
  }
}
