/** Owns the decision: from the view, the caller and the policy to a distribution with its reasons. */

import type { ClusterName } from '../../../core/names.ts';
import type { BalancePolicy } from '../../../policy/traffic-policy.ts';
import type { GovernedTier, TargetLoad } from './failback.ts';
import { reasonOf } from './reason.ts';
import { sharedLoads, withSharedTogether } from './shared-tier.ts';
import { isKeptOff, steeredLoads, steeringReason } from './steering.ts';
import { type TierCapacity, type TierLoad, tierCapacity } from './tier-load.ts';
import { type RankedTier, rankTiers } from './tiers.ts';
import type { BalanceView, Caller, Distribution, TierMember } from './types.ts';
import {
  localityWeight,
  type Spreading,
  spreadIn,
  spreadWeights,
  withSpread,
} from './zone-spread.ts';

export interface DecideOptions {
  /** Clusters to be taken for lost, for what-if. */
  readonly without?: ReadonlySet<ClusterName> | undefined;
  /** Loads in force while a better tier gets its load back (`failback.ts`); absent = the formula's own. */
  readonly governedLoads?: readonly GovernedTier[] | undefined;
}

/** A tier with the load that the formula gives it and what it could carry. */
interface PlannedTier extends RankedTier, TierLoad {
  readonly capacity: TierCapacity;
  /** Present where zones share its load. */
  readonly spreading?: Spreading;
}

/** The decision for one service and caller. Pure: the data path, `explain` and what-if all call this. */
export function decide(
  view: BalanceView,
  caller: Caller,
  policy: BalancePolicy,
  options: DecideOptions = {},
): Distribution {
  const planned = planTiers(view, caller, policy, options.without);
  const governed = new Map(options.governedLoads?.map((tier) => [tier.name, tier]));
  const tiers = planned.map((tier) => ({ ...tier, ...splitLoad(tier, governed.get(tier.name)) }));
  return {
    service: view.service,
    caller,
    tiers: tiers.map((tier, i) => ({
      kind: tier.kind,
      name: tier.name,
      cluster: tier.cluster,
      total: tier.total,
      healthy: tier.healthy,
      degraded: tier.degraded,
      excluded: tier.excluded,
      healthyLoad: tier.healthyLoad,
      degradedLoad: tier.degradedLoad,
      panic: tier.panic,
      ...(isKeptOff(view.steering, tier.cluster) ? { keptOff: true as const } : {}),
      members: membersOf(tier, policy),
      reason:
        (tier.outage
          ? undefined
          : steeringReason(view.steering, tier.cluster, tier.healthyLoad + tier.degradedLoad)) ??
        reasonOf(tiers, i, policy, governed.get(tier.name)),
    })),
  };
}

/**
 * As `plan`. What is behind a suspect link may be dead: it is left out as long as the others can do without it, which they
 * can't where they panic, or carry what is kept off them on purpose.
 */
export function planTiers(
  view: BalanceView,
  caller: Caller,
  policy: BalancePolicy,
  without?: ReadonlySet<ClusterName>,
): PlannedTier[] {
  const planned = plan(view, caller, policy, without, true);
  if (!planned.some(({ outage }) => outage === 'suspect')) return planned;
  const carrying = planned.filter((tier) => tier.healthyLoad + tier.degradedLoad > 0);
  const isOtherWay = ({ panic, cluster }: PlannedTier) =>
    !panic && !isKeptOff(view.steering, cluster);
  if (carrying.length > 0 && carrying.every(isOtherWay)) return planned;
  return plan(view, caller, policy, without, false);
}

/**
 * Ranks the tiers and applies the formula. Panic disregards health, not reachability: hosts behind a link
 * that is not up count for nothing as long as any other host can be reached.
 */
function plan(
  view: BalanceView,
  caller: Caller,
  policy: BalancePolicy,
  without: ReadonlySet<ClusterName> | undefined,
  avoidsSuspects: boolean,
): PlannedTier[] {
  const { clusterOrder, order, costs, clusterWeights } = policy;
  const ranked = withSharedTogether(
    rankTiers(view, caller, { clusterOrder, order, costs, without, avoidsSuspects }),
    clusterWeights,
  );
  const hasHosts = ({ total, excluded }: RankedTier) => total > excluded;
  const someReachable = ranked.some((tier) => hasHosts(tier) && isReachable(tier));
  const counts = (tier: RankedTier) =>
    tier.outage !== 'without' && hasHosts(tier) && (isReachable(tier) || !someReachable);
  const nothing = { total: 0, healthy: 0, degraded: 0, excluded: 0 };
  const loads = steeredLoads(
    ranked.map((tier) => ({
      cluster: tier.cluster,
      usable: counts(tier) && tier.healthy + tier.degraded > 0,
    })),
    view.steering,
    (accepts) =>
      sharedLoads(
        ranked.map((tier) =>
          counts(tier) && accepts(tier.cluster) ? tier : { ...nothing, cluster: tier.cluster },
        ),
        clusterWeights,
        policy,
      ),
  );
  const planned = ranked.map((tier, i) => {
    const load = loads[i] ?? { healthyLoad: 0, degradedLoad: 0, panic: false };
    return {
      ...tier,
      ...load,
      panic: load.panic && counts(tier),
      capacity: tierCapacity(tier, policy),
    };
  });
  return withSpread(planned, spreadIn(view, caller, policy.zones));
}

/** The loads that `failback.ts` governs: each tier's by the formula, and the most it could carry. */
export function targetLoads(tiers: readonly PlannedTier[]): TargetLoad[] {
  return tiers.map((tier) => ({
    name: tier.name,
    load: tier.healthyLoad + tier.degradedLoad,
    room: Math.min(100, tier.capacity.healthy + tier.capacity.degraded),
  }));
}

/** A host can be reached when it is the caller's own, or the link to its cluster is up. */
function isReachable(tier: RankedTier): boolean {
  return tier.outage === undefined || tier.outage === 'ejected';
}

/** Spreads a governed load over healthy and degraded hosts: healthy first, as far as they go. */
function splitLoad(
  tier: PlannedTier,
  governed: GovernedTier | undefined,
): Pick<TierLoad, 'healthyLoad' | 'degradedLoad'> {
  const { healthyLoad, degradedLoad, panic, capacity } = tier;
  if (governed === undefined || governed.load === healthyLoad + degradedLoad) {
    return { healthyLoad, degradedLoad };
  }
  const allHealthy = panic || capacity.degraded === 0;
  const healthy = allHealthy ? governed.load : Math.min(governed.load, capacity.healthy);
  return { healthyLoad: healthy, degradedLoad: governed.load - healthy };
}

/** Locality weight x min(1, opf x availability), as Envoy's locality weighted load balancing; all of it in panic. */
function membersOf(tier: PlannedTier, policy: BalancePolicy): TierMember[] {
  const weights = tier.groups.map((group) => {
    const hosts = group.total - group.excluded;
    const usable = tier.outage || hosts <= 0 ? 0 : (group.healthy + group.degraded) / hosts;
    const share = tier.panic ? 1 : Math.min(1, policy.overprovisioningFactor * usable);
    return localityWeight(group) * share;
  });
  const { kind, spreading, groups, healthyLoad, degradedLoad } = tier;
  const isShared = kind === 'region' && spreading !== undefined;
  const zones = groups.map(({ zone }) => zone);
  const shared = isShared
    ? spreadWeights(zones, weights, healthyLoad + degradedLoad, spreading)
    : weights;
  return groups.map((group, i) => ({ group, weight: shared[i] ?? 0 }));
}
