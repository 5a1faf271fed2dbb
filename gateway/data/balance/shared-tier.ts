/** Owns the loads of clusters that are one tier together: the formula's for all of them, divided by weights. */
import type { ClusterName } from '../../../core/names.ts';
import type { ClusterWeight } from '../../../policy/traffic/tiers.ts';
import {
  type TierCounts,
  type TierLoad,
  type TierLoadPolicy,
  tierCapacity,
  tierLoads,
} from './tier-load.ts';

interface ClusterTier extends TierCounts {
  readonly cluster: ClusterName;
}

/** The tiers with those of clusters that have a weight moved up behind the first of them; the order is kept else. */
export function withSharedTogether<T extends { readonly cluster: ClusterName }>(
  ranked: readonly T[],
  weights: readonly ClusterWeight[],
): readonly T[] {
  const isShared = ({ cluster }: T) => weights.some((one) => one.cluster === cluster);
  const first = ranked.findIndex(isShared);
  if (first < 0) return ranked;
  return [
    ...ranked.slice(0, first),
    ...ranked.filter(isShared),
    ...ranked.slice(first).filter((one) => !isShared(one)),
  ];
}

/** Loads of `tiers`, best first, those that share standing together, as `withSharedTogether` has them. */
export function sharedLoads(
  tiers: readonly ClusterTier[],
  weights: readonly ClusterWeight[],
  policy: TierLoadPolicy,
): TierLoad[] {
  const weightOf = new Map(weights.map(({ cluster, weight }) => [cluster, weight]));
  const levels: ClusterTier[][] = [];
  for (const tier of tiers) {
    const last = levels.at(-1)?.[0];
    const joins = last !== undefined && weightOf.has(last.cluster) && weightOf.has(tier.cluster);
    if (joins) levels.at(-1)?.push(tier);
    else levels.push([tier]);
  }
  const loads = tierLoads(levels.map(sumOf), policy);
  return levels.flatMap((level, i) => {
    const load = loads[i];
    return load === undefined || level.length === 1
      ? (load ?? [])
      : divided(level, load, weightOf, policy);
  });
}

/** A level's load, first by clusters, then by the tiers of each. */
function divided(
  level: readonly ClusterTier[],
  { healthyLoad, degradedLoad, panic }: TierLoad,
  weightOf: ReadonlyMap<ClusterName, number>,
  policy: TierLoadPolicy,
): TierLoad[] {
  const clusters = [...Map.groupBy(level, ({ cluster }) => cluster)];
  const parts = (load: number, hosts: 'healthy' | 'degraded') => {
    const able = clusters.map(([cluster, own]) => {
      const counts = sumOf(own);
      // One of very many is worth a little, though it rounds to nothing.
      const least = counts[hosts] > 0 ? 0.001 : 0;
      const part = panic
        ? Math.sign(hostsOf(counts))
        : Math.max(least, tierCapacity(counts, policy)[hosts] / 100);
      return (weightOf.get(cluster) ?? 0) * part;
    });
    const ofClusters = wholeParts(load, able);
    return clusters.flatMap(([, own], i) =>
      wholeParts(ofClusters[i] ?? 0, within(own, hosts, policy)),
    );
  };
  const healthy = parts(healthyLoad, 'healthy');
  const degraded = parts(degradedLoad, 'degraded');
  return level.map((_, i) => ({
    healthyLoad: healthy[i] ?? 0,
    degradedLoad: degraded[i] ?? 0,
    panic,
  }));
}

/** How the tiers of one cluster divide what it gets: nearest first, as if there were no others. */
function within(
  own: readonly ClusterTier[],
  hosts: 'healthy' | 'degraded',
  policy: TierLoadPolicy,
): number[] {
  const field = hosts === 'healthy' ? 'healthyLoad' : 'degradedLoad';
  const loads = tierLoads(own, policy).map((load) => load[field]);
  return loads.some((load) => load > 0) ? loads : own.map(hostsOf);
}

/** `whole` in whole parts by `weights`; what rounding leaves goes to the largest fractions. */
function wholeParts(whole: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (sum <= 0) return weights.map(() => 0);
  const exact = weights.map((weight) => (whole * weight) / sum);
  const parts = exact.map((part) => Math.floor(part + 1e-9));
  const order = exact
    .map((part, i) => ({ i, rest: part - (parts[i] ?? 0) }))
    .sort((a, b) => b.rest - a.rest || a.i - b.i);
  let left = whole - parts.reduce((total, part) => total + part, 0);
  for (const { i } of order) {
    if (left-- <= 0) break;
    parts[i] = (parts[i] ?? 0) + 1;
  }
  return parts;
}

function sumOf(tiers: readonly TierCounts[]): TierCounts {
  const sum = { total: 0, healthy: 0, degraded: 0, excluded: 0 };
  for (const one of tiers) {
    sum.total += one.total;
    sum.healthy += one.healthy;
    sum.degraded += one.degraded;
    sum.excluded += one.excluded;
  }
  return sum;
}

function hostsOf({ total, excluded }: TierCounts): number {
  return total - excluded;
}
