/** Owns the formula that spreads load over tiers: Envoy's priority levels, overprovisioning and panic, in whole percents. */
import type { Failover } from '../../../policy/traffic/tiers.ts';

/** The numbers of a tier that the formula takes. */
export interface TierCounts {
  readonly total: number;
  readonly healthy: number;
  readonly degraded: number;
  /** Of `total`, those that are not counted as hosts. */
  readonly excluded: number;
}

export interface TierLoadPolicy {
  /** A ratio of at least 1, such as 1.4. */
  readonly overprovisioningFactor: number;
  /** Percent; 0 turns panic off. */
  readonly panicThreshold: number;
  /** Whether a tier with a healthy host could carry all; default by the factor. */
  readonly failover?: Failover;
}

/** Whole percents of all requests. All loads together are 100, or 0 when nothing can be used. */
export interface TierLoad {
  readonly healthyLoad: number;
  readonly degradedLoad: number;
  /** The tier uses all its hosts, whatever their health. */
  readonly panic: boolean;
}

/** Loads that a tier's healthy and degraded hosts could carry, in whole percents of all requests, 0 to 100 each. */
export interface TierCapacity {
  readonly healthy: number;
  readonly degraded: number;
}

/** `min(100, floor(100 opf healthy / hosts))`, and degraded likewise; 0 without hosts. All or nothing where only that moves load. */
export function tierCapacity(
  tier: TierCounts,
  { overprovisioningFactor, failover }: TierLoadPolicy,
): TierCapacity {
  const hosts = tier.total - tier.excluded;
  if (hosts <= 0) return { healthy: 0, degraded: 0 };
  if (failover === 'only-when-none-healthy') {
    return { healthy: tier.healthy > 0 ? 100 : 0, degraded: tier.degraded > 0 ? 100 : 0 };
  }
  const factor = Math.round(overprovisioningFactor * 100);
  const part = (count: number) => Math.min(100, Math.floor((factor * count) / hosts));
  return { healthy: part(tier.healthy), degraded: part(tier.degraded) };
}

/**
 * Loads of `tiers`, best first. Semantics: Envoy's `LoadBalancerBase` (`recalculatePerPriorityState`,
 * `recalculatePerPriorityPanic`, `recalculateLoadInTotalPanic`), except where Envoy parks load that it will
 * then refuse on its first level: here such load is 0, so that a 503 can be told at once.
 */
export function tierLoads(tiers: readonly TierCounts[], policy: TierLoadPolicy): TierLoad[] {
  const capacities = tiers.map((tier) => tierCapacity(tier, policy));
  const health = capacities.map((capacity) => capacity.healthy);
  const degraded = capacities.map((capacity) => capacity.degraded);
  const available = Math.min(100, total(health) + total(degraded));
  const panics = tiers.map(
    (tier) => available < 100 && availablePercent(tier) < policy.panicThreshold,
  );
  if (panics.every(Boolean)) return loadsInTotalPanic(tiers);
  if (available === 0) return loadsOfFewest(tiers);

  const healthyLoads = share(health, 100, available);
  const degradedLoads = share(degraded, 100 - total(healthyLoads), available);
  const rest = 100 - total(healthyLoads) - total(degradedLoads);
  if (rest > 0) {
    const [loads, first] = health.some(positive)
      ? [healthyLoads, health.findIndex(positive)]
      : [degradedLoads, degraded.findIndex(positive)];
    loads[first] = (loads[first] ?? 0) + rest;
  }
  return tiers.map((_, i) => ({
    healthyLoad: healthyLoads[i] ?? 0,
    degradedLoad: degradedLoads[i] ?? 0,
    panic: panics[i] ?? false,
  }));
}

/** Gives each level in order as much of `load` as its health allows. */
function share(healths: readonly number[], load: number, available: number): number[] {
  let left = load;
  return healths.map((health) => {
    const part = Math.min(left, Math.floor((health * 100) / available));
    left -= part;
    return part;
  });
}

/** Every tier panics: by number of hosts, excluded ones counted, the rest to the first that has any. */
function loadsInTotalPanic(tiers: readonly TierCounts[]): TierLoad[] {
  const hosts = total(tiers.map((tier) => tier.total));
  const loads = tiers.map((tier) => (hosts === 0 ? 0 : Math.floor((100 * tier.total) / hosts)));
  const first = tiers.findIndex((tier) => tier.total > 0);
  if (first >= 0) loads[first] = (loads[first] ?? 0) + 100 - total(loads);
  return loads.map((load) => ({ healthyLoad: load, degradedLoad: 0, panic: true }));
}

/** No panic, and so few usable hosts that every health rounds to 0: the first tier that has one carries all. */
function loadsOfFewest(tiers: readonly TierCounts[]): TierLoad[] {
  const healthy = tiers.findIndex((tier) => tier.healthy > 0);
  const degraded = healthy >= 0 ? -1 : tiers.findIndex((tier) => tier.degraded > 0);
  return tiers.map((_, i) => ({
    healthyLoad: i === healthy ? 100 : 0,
    degradedLoad: i === degraded ? 100 : 0,
    panic: false,
  }));
}

function availablePercent(tier: TierCounts): number {
  const hosts = tier.total - tier.excluded;
  return hosts <= 0 ? 0 : (100 * (tier.healthy + tier.degraded)) / hosts;
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

const positive = (number: number) => number > 0;
