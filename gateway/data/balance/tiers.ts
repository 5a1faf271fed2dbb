/** Owns the order of preference: groups of copies ranked into tiers, nearest first, with what can be reached of each. */
import type { ClusterName } from '../../../core/names.ts';
import type { ClusterOrder, Cost } from '../../../policy/traffic/tiers.ts';
import type { BalanceView, Caller, Group, RemoteCluster, TierKind } from './types.ts';

/** Why a tier that has copies is not used at all. */
export type Outage = 'without' | 'down' | 'connecting' | 'none' | 'ejected' | 'suspect';

/** A tier before its load is known. Counts of a tier that is out are 0, except `total` and `excluded`. */
export interface RankedTier {
  readonly kind: TierKind;
  readonly name: string;
  readonly cluster: ClusterName;
  readonly groups: readonly Group[];
  readonly total: number;
  readonly healthy: number;
  readonly degraded: number;
  readonly excluded: number;
  readonly outage: Outage | undefined;
  readonly remote: RemoteCluster | undefined;
}

interface RankOptions {
  readonly clusterOrder: readonly ClusterName[];
  /** Default `listed`. */
  readonly order?: ClusterOrder | undefined;
  readonly costs?: readonly Cost[] | undefined;
  /** Clusters to imagine lost. */
  readonly without?: ReadonlySet<ClusterName> | undefined;
  /** Whether what is behind a suspect link is out; default it is taken to be alive. */
  readonly avoidsSuspects?: boolean | undefined;
}

/**
 * The caller's zone, the rest of the caller's cluster, then every other cluster as a tier of its own: as the
 * policy lists them, else the caller's region first, then by round trip in whole milliseconds (unmeasured
 * last), then by name; or by round trip alone, or by price before all of that. A tier without copies is left out.
 */
export function rankTiers(view: BalanceView, caller: Caller, options: RankOptions): RankedTier[] {
  const zone: Group[] = [];
  const region: Group[] = [];
  const others = new Map<ClusterName, Group[]>();
  for (const group of view.groups) {
    if (group.total <= 0) continue;
    if (group.cluster !== caller.cluster) {
      const groups = others.get(group.cluster);
      if (groups) groups.push(group);
      else others.set(group.cluster, [group]);
    } else if (group.zone === caller.zone && group.region === caller.region) zone.push(group);
    else region.push(group);
  }
  const own = options.without?.has(caller.cluster) ? 'without' : undefined;
  const tiers: RankedTier[] = [];
  if (zone.length > 0) {
    tiers.push(tierOf('zone', `zone ${caller.zone}`, caller.cluster, zone, own, undefined));
  }
  if (region.length > 0) {
    tiers.push(tierOf('region', `region ${caller.region}`, caller.cluster, region, own, undefined));
  }
  const nearness = compareClusters(view, caller, options, others);
  for (const [cluster, groups] of [...others].sort(([a], [b]) => nearness(a, b))) {
    const remote = view.remotes.get(cluster);
    const outage = options.without?.has(cluster) ? 'without' : outageOf(remote, options);
    tiers.push(tierOf('cluster', `cluster ${cluster}`, cluster, groups, outage, remote));
  }
  return tiers;
}

/** A live link is proof enough of life: stale records behind it keep their counts. */
function outageOf(
  remote: RemoteCluster | undefined,
  { avoidsSuspects }: RankOptions,
): Outage | undefined {
  if (remote === undefined) return 'none';
  const { link, ejected } = remote;
  if (link !== 'up' && link !== 'suspect') return link;
  if (ejected) return 'ejected';
  return avoidsSuspects && link === 'suspect' ? 'suspect' : undefined;
}

function tierOf(
  kind: TierKind,
  name: string,
  cluster: ClusterName,
  groups: readonly Group[],
  outage: Outage | undefined,
  remote: RemoteCluster | undefined,
): RankedTier {
  const sum = (count: (group: Group) => number) =>
    groups.reduce((total, group) => total + count(group), 0);
  return {
    kind,
    name,
    cluster,
    groups,
    total: sum((group) => group.total),
    healthy: outage ? 0 : sum((group) => group.healthy),
    degraded: outage ? 0 : sum((group) => group.degraded),
    excluded: sum((group) => group.excluded),
    outage,
    remote,
  };
}

function compareClusters(
  view: BalanceView,
  caller: Caller,
  { clusterOrder, order = 'listed', costs = [] }: RankOptions,
  groups: ReadonlyMap<ClusterName, readonly Group[]>,
): (a: ClusterName, b: ClusterName) => number {
  const rank = new Map(clusterOrder.map((cluster, i) => [cluster, i]));
  const abroad = (cluster: ClusterName) => {
    const region = view.remotes.get(cluster)?.region ?? groups.get(cluster)?.[0]?.region;
    return region === caller.region ? 0 : 1;
  };
  const rtt = (cluster: ClusterName) => {
    const ms = view.remotes.get(cluster)?.rttMs;
    return ms === undefined ? Number.MAX_SAFE_INTEGER : Math.round(ms);
  };
  const last = clusterOrder.length;
  const listed = (a: ClusterName, b: ClusterName) =>
    (rank.get(a) ?? last) - (rank.get(b) ?? last) || abroad(a) - abroad(b);
  const byRtt = (a: ClusterName, b: ClusterName) => rtt(a) - rtt(b) || (a < b ? -1 : 1);
  switch (order) {
    case 'rtt':
      return byRtt;
    case 'listed':
      return (a, b) => listed(a, b) || byRtt(a, b);
    case 'cost': {
      const price = (to: ClusterName) => priceOf(costs, caller.cluster, to);
      return (a, b) => price(a) - price(b) || listed(a, b) || byRtt(a, b);
    }
  }
}

/** The price of a GB; one that nobody has said is above all others. */
function priceOf(costs: readonly Cost[], from: ClusterName, to: ClusterName): number {
  const cost = costs.find((one) => one.to === to && (one.from ?? from) === from);
  return cost?.perGb ?? Number.MAX_SAFE_INTEGER;
}
