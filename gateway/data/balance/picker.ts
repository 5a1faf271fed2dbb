/** Owns the choice for one request: by the loads of a decision, then round what was tried. It is rebuilt, never changed. */

import type { Random } from '../../../core/clock.ts';
import type { ClusterName } from '../../../core/names.ts';
import { isConsistent } from '../../../policy/traffic/algorithms.ts';
import type { BalancePolicy } from '../../../policy/traffic-policy.ts';
import type { Breakers } from './breakers.ts';
import { mix32 } from './hash.ts';
import { type HostClass, loadsByClass, targetsOf } from './shares.ts';
import { TargetSet, type TargetSetOptions } from './target-set.ts';
import { tierLoads } from './tier-load.ts';
import type { Distribution, PickRequest, Target, Tier, TierKind } from './types.ts';

/** Sets the choice of tier apart from the choice of endpoint, which uses the same hash. */
const laneSalt = 0x51_7c_c1_b7;

const nothing: ReadonlySet<string> = new Set();

interface PickTier {
  readonly kind: TierKind;
  readonly own: boolean;
  readonly cluster: ClusterName;
  readonly keptOff: boolean;
  readonly reachable: boolean;
  readonly sets: Readonly<Record<HostClass, TargetSet>>;
}

interface PickerOptions extends TargetSetOptions {
  readonly random: Random;
  readonly policy: BalancePolicy;
  /** Whether a cluster can be sent to now. */
  readonly isReachable: (cluster: ClusterName) => boolean;
  /** Absent where there are none. */
  readonly breakers?: Pick<Breakers, 'isShut' | 'passOver'> | undefined;
}

export interface Picker {
  pick(request: PickRequest, now: number): Target | undefined;
}

export function createPicker(distribution: Distribution, options: PickerOptions): Picker {
  const { policy, random, breakers } = options;
  const own = distribution.caller.cluster;
  const tiers = distribution.tiers.map((tier): PickTier => {
    const setOf = (hosts: HostClass) => new TargetSet(targetsOf(tier, hosts), options);
    return {
      kind: tier.kind,
      own: tier.cluster === own,
      cluster: tier.cluster,
      keptOff: tier.keptOff ?? false,
      reachable: tier.cluster === own || options.isReachable(tier.cluster),
      sets: { healthy: setOf('healthy'), degraded: setOf('degraded'), all: setOf('all') },
    };
  });
  const ownTiers = tiers.filter((tier) => tier.own);
  // Where load is kept off on purpose a request only comes when all others have failed it.
  const byPreference = [
    ...tiers.filter((tier) => !tier.keptOff),
    ...tiers.filter((tier) => tier.keptOff),
  ];
  const lanes = lanesOf(distribution.tiers, tiers);
  const ownLanes = lanesOf(ownLoads(distribution, policy), ownTiers);
  // Asked for only where it counts: it costs a look at the request.
  const hashOf = isConsistent(policy.algorithm)
    ? (request: PickRequest) => request.hash
    : () => undefined;

  function pickByLoad(request: PickRequest, now: number): Target | undefined {
    const choices = request.localOnly ? ownLanes : lanes;
    if (choices.length === 0) return undefined;
    const hash = hashOf(request);
    const lane =
      hash === undefined
        ? Math.floor(random() * choices.length)
        : mix32(hash ^ laneSalt) % choices.length;
    const target = choices[lane]?.pick(now, request.tried, hash);
    if (breakers === undefined || target === undefined) return target;
    const cluster = clusterOf(target);
    if (!breakers.isShut(cluster)) return target;
    breakers.passOver(cluster);
    return undefined;
  }

  function scopeOf({ localOnly, within, awayFrom }: PickRequest): readonly PickTier[] {
    const all = localOnly ? ownTiers : byPreference;
    if (within === undefined && awayFrom === undefined && breakers === undefined) return all;
    const away = awayFrom && clusterOf(awayFrom);
    return all.filter(
      ({ cluster }) =>
        (within ?? cluster) === cluster && cluster !== away && !breakers?.isShut(cluster),
    );
  }

  function clusterOf(target: Target): ClusterName {
    return target.kind === 'cluster' ? target.cluster : own;
  }

  /**
   * Healthy before degraded, in the tier of the first try, then in all tiers in order; then, unless panic is
   * off, whatever is untried. At the very end a live cluster may be tried again, for its own gateway chooses
   * anew among many endpoints; an endpoint may not.
   */
  function pickAround(request: PickRequest, now: number): Target | undefined {
    const { tried, firstTier } = request;
    const hash = hashOf(request);
    const scope = scopeOf(request);
    const usable = ({ sets }: PickTier) =>
      sets.healthy.pick(now, tried, hash) ?? sets.degraded.pick(now, tried, hash);
    const any = ({ sets }: PickTier) => sets.all.pick(now, tried, hash);
    // Another cluster is a tier and a target in one: once tried, nothing untried is left of it.
    const inFirst = (tier: PickTier) => tier.kind === firstTier && tier.kind !== 'cluster';
    const staying = firstTier !== undefined && !request.mayLeaveTier;
    const inScope = staying ? inFirst : () => true;
    const again = ({ sets }: PickTier) => {
      const target =
        sets.healthy.pick(now, nothing, hash) ?? sets.degraded.pick(now, nothing, hash);
      return target && tried.has(target.key) ? target : undefined;
    };
    const mayRepeat = (tier: PickTier) =>
      tier.kind === 'cluster' && tier.reachable && (!staying || firstTier === 'cluster');

    return (
      firstOf(scope, inFirst, usable) ??
      firstOf(scope, inScope, usable) ??
      (policy.panicThreshold > 0 && !request.usableOnly
        ? (firstOf(scope, (tier) => tier.reachable && inScope(tier), any) ??
          firstOf(scope, inScope, any))
        : undefined) ??
      firstOf(scope, mayRepeat, again)
    );
  }

  return {
    pick: (request, now) =>
      (request.firstTier === undefined ? pickByLoad(request, now) : undefined) ??
      pickAround(request, now),
  };
}

function firstOf(
  tiers: readonly PickTier[],
  accepts: (tier: PickTier) => boolean,
  pick: (tier: PickTier) => Target | undefined,
): Target | undefined {
  for (const tier of tiers) {
    const target = accepts(tier) ? pick(tier) : undefined;
    if (target) return target;
  }
  return undefined;
}

/** One lane for each percent of load, so that a single random number finds its set; none when there is no load. */
function lanesOf(tiers: readonly Tier[], pickTiers: readonly PickTier[]): TargetSet[] {
  const lanes: TargetSet[] = [];
  for (const [i, tier] of tiers.entries()) {
    for (const { hosts, load } of loadsByClass(tier)) {
      const set = pickTiers[i]?.sets[hosts];
      if (set) for (let percent = 0; percent < load; percent++) lanes.push(set);
    }
  }
  return lanes;
}

/** The own cluster's tiers with all load on them: for requests that must not go on to another cluster. */
function ownLoads({ caller, tiers }: Distribution, policy: BalancePolicy): Tier[] {
  const own = tiers.filter((tier) => tier.cluster === caller.cluster);
  const loads = tierLoads(own, {
    ...policy,
    panicThreshold: own.some((tier) => tier.healthy + tier.degraded > 0)
      ? 0
      : policy.panicThreshold,
  });
  return own.map((tier, i) => {
    const { healthyLoad = 0, degradedLoad = 0, panic = false } = loads[i] ?? {};
    return { ...tier, healthyLoad, degradedLoad, panic: tier.panic || panic };
  });
}
