/** Owns the shape of what a cluster believes: the bundles of the others, and which of them left. */
import type { Bundle } from '../certs/bundle.ts';
import type { ClusterName, FederationName } from '../core/names.ts';
import type { BundleRecord } from '../registry/model.ts';

/** The members that a cluster says it admitted; see `bundleRecordSchema`. */
export type Vouched = NonNullable<BundleRecord['vouched']>;

/** A bundle that is believed to be a cluster's. */
export interface BelievedBundle {
  readonly bundle: Bundle;
  /** As its record says it now; not kept on disk, for the record comes again. */
  readonly vouched?: Vouched | undefined;
  /** When it was admitted, by the admitting cluster's clock; 0 for one that was there before us. */
  readonly admittedAt: number;
}

export interface Beliefs {
  readonly federation: FederationName;
  /** Bundles believed now, the own cluster's included. */
  readonly bundles: ReadonlyMap<ClusterName, BelievedBundle>;
  /** Clusters that left, with the admission they had. */
  readonly departed: ReadonlyMap<ClusterName, number>;
}
