/** Owns the shape of the immutable snapshot: everything a gateway knows of the federation at one revision. */
import type { ClusterName, ServiceName } from '../core/names.ts';
import type { ShardMap } from '../core/shard-map.ts';
import type {
  BundleRecord,
  ClusterRecord,
  EndpointRecord,
  ExportRecord,
  GatewayRecord,
  SyncedRecord,
} from './model.ts';

/** An endpoint of the own cluster. Orphaned: its gateway was lost without a tombstone, so it is probed, not forgotten. */
export interface HeldEndpoint {
  readonly record: EndpointRecord;
  readonly orphaned: boolean;
}

export interface ServiceView {
  readonly service: ServiceName;
  /** Endpoints of the own cluster by id, as the registry has them. */
  readonly endpoints: ReadonlyMap<string, HeldEndpoint>;
  /** Summaries of the clusters that export it, the own one included. */
  readonly exports: ReadonlyMap<ClusterName, ExportRecord>;
}

export interface ClusterView {
  readonly cluster: ClusterName;
  /** Absent while only some of its records have arrived. */
  readonly record?: ClusterRecord;
  readonly bundle?: BundleRecord;
  readonly gateways: ReadonlyMap<string, GatewayRecord>;
  /** Its canary; absent = its records can't be confirmed: stale, never gone. */
  readonly synced?: SyncedRecord;
}

export interface Snapshot {
  readonly revision: number;
  readonly clusters: ReadonlyMap<ClusterName, ClusterView>;
  readonly services: ShardMap<ServiceView>;
}

/** The services and clusters that a change touched. */
export interface SnapshotDelta {
  readonly services: ReadonlySet<ServiceName>;
  readonly clusters: ReadonlySet<ClusterName>;
}
