/** Owns the source of a federation session: the gateway, as far as its federation hears of it. */
import type { ServiceName } from '../../../core/names.ts';
import type { ClusterDraft } from '../../../federation/own-records.ts';
import type { EndpointRecord, GatewayRecord } from '../../../registry/model.ts';
import type { SnapshotDelta } from '../../../registry/snapshot.ts';
import type { ExportTerms } from './publisher.ts';

export interface SessionSource {
  ownServices(): Iterable<ServiceName>;
  /** This gateway's own endpoints of a service. */
  ownEndpoints(service: ServiceName): Iterable<EndpointRecord>;
  /** All endpoints of the own cluster that others are told of by a name. */
  clusterEndpoints(service: ServiceName): Iterable<EndpointRecord>;
  /** The name by which other clusters know a service, where that is not its own. */
  exportedAs(service: ServiceName): ServiceName | undefined;
  /** What the cluster says of a service that it exports, beside its endpoints. */
  exportTerms(service: ServiceName): ExportTerms;
  gatewayRecord(): GatewayRecord;
  /** This cluster's record before it is signed. */
  clusterDraft(joinedAt: number): ClusterDraft;
  /** The snapshot changed. */
  changed(delta: SnapshotDelta): void;
}
