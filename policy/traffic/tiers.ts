/** Owns in which order clusters are used, and when: what a traffic policy says of tiers, and the defaults. */
import type { ClusterName } from '../../core/names.ts';

export const clusterOrders = ['listed', 'rtt', 'cost'] as const;
export type ClusterOrder = (typeof clusterOrders)[number];

export const failovers = ['by-capacity', 'only-when-none-healthy'] as const;
export type Failover = (typeof failovers)[number];

export const zoneRoutings = ['prefer', 'residual'] as const;
export type ZoneRouting = (typeof zoneRoutings)[number];

/** The price of what is carried between two clusters. */
export interface Cost {
  /** The cluster whose clients ask; absent = any. */
  readonly from?: ClusterName | undefined;
  /** The cluster that answers. */
  readonly to: ClusterName;
  /** For a GB, in whatever currency all are in. */
  readonly perGb: number;
}

export interface ClusterWeight {
  readonly cluster: ClusterName;
  /** Share relative to the others; positive. */
  readonly weight: number;
}

export interface TiersPolicy {
  /**
   * `listed`: as `clusterOrder` says, then the same region, then by round trip. `rtt`: by round trip alone. `cost`: the cheapest first,
   * of equal price as `listed`; without a price last. Default `listed`.
   */
  readonly order: ClusterOrder;
  /** Clusters in the order to fail over to; those not named follow, same region first, then by RTT. */
  readonly clusterOrder: readonly ClusterName[];
  readonly costs: readonly Cost[];
  /** Clusters that are one tier together, in the place of the best of them; default none. */
  readonly clusterWeights: readonly ClusterWeight[];
  /**
   * `by-capacity`: a tier that can't carry all leaves the rest to the next, by `overprovisioningFactor`. `only-when-none-healthy`: as long
   * as it has a healthy copy it carries all (Consul's). Default `by-capacity`.
   */
  readonly failover: Failover;
  /**
   * `prefer`: a zone serves all that its gateways are asked, as far as its health allows. `residual`: no larger a part of a cluster's requests
   * than it has of the healthy copies, by where the cluster's gateways are; the rest goes to zones with capacity left (Envoy's zone aware
   * routing, from 6 healthy copies on). Default `prefer`.
   */
  readonly zones: ZoneRouting;
}

export const defaultTiers: TiersPolicy = {
  order: 'listed',
  clusterOrder: [],
  costs: [],
  clusterWeights: [],
  failover: 'by-capacity',
  zones: 'prefer',
};
