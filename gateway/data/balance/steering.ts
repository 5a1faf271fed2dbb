/** Owns load that is moved on purpose, by a drill or a standing order: how the formula's loads change when clusters are kept off or preferred. */
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import type { TierLoad } from './tier-load.ts';

/** One wish about where load goes; plain data, the same at every gateway. */
export type Shift =
  | {
      readonly kind: 'withhold';
      /** Part of the load that this cluster would get stays away from it. */
      readonly cluster: ClusterName;
      /** Absent: every service. */
      readonly service?: ServiceName | undefined;
      /** 0 to 100. */
      readonly percent: number;
      /** The drill or order behind the shift, as `reason` texts name it. */
      readonly why: string;
    }
  | {
      readonly kind: 'direct';
      readonly service: ServiceName;
      /** The cluster that gets `percent` of the load. */
      readonly to: ClusterName;
      readonly percent: number;
      readonly why: string;
    };

/** The shifts that are about one service, taken together. */
export interface Steering {
  readonly withheld: ReadonlyMap<ClusterName, { readonly percent: number; readonly why: string }>;
  readonly directed?: { readonly to: ClusterName; readonly percent: number; readonly why: string };
}

/** The steering of a service by `shifts`; undefined when none is about it. Of several about one cluster the strongest counts. */
export function steeringOf(shifts: readonly Shift[], service: ServiceName): Steering | undefined {
  const withheld = new Map<ClusterName, { percent: number; why: string }>();
  let directed: Steering['directed'];
  for (const shift of shifts) {
    const { percent, why } = shift;
    if (percent <= 0 || (shift.service !== undefined && shift.service !== service)) continue;
    if (shift.kind === 'direct') {
      if (percent > (directed?.percent ?? 0)) directed = { to: shift.to, percent, why };
    } else if (percent > (withheld.get(shift.cluster)?.percent ?? 0)) {
      withheld.set(shift.cluster, { percent, why });
    }
  }
  if (withheld.size === 0 && directed === undefined) return undefined;
  return directed ? { withheld, directed } : { withheld };
}

/** A tier, as far as steering it goes. */
interface SteeredTier {
  readonly cluster: ClusterName;
  /** Whether anything could be answered there now. */
  readonly usable: boolean;
}

/** Loads by the formula when only tiers of clusters that `counts` accepts are there. */
type LoadsAmong = (counts: (cluster: ClusterName) => boolean) => readonly TierLoad[];

/**
 * The loads of `tiers` as `steering` wishes. Each percent of it is a plan of its own: with the clusters left out from
 * which that percent is withheld, or with the directed one alone; the plans are mixed. A plan in which nothing could be answered
 * gives way to the one without steering: load is moved on purpose, never dropped.
 */
export function steeredLoads(
  tiers: readonly SteeredTier[],
  steering: Steering | undefined,
  loadsAmong: LoadsAmong,
): readonly TierLoad[] {
  const plain = loadsAmong(() => true);
  if (steering === undefined) return plain;
  const { withheld, directed } = steering;
  const planAmong = (counts: (cluster: ClusterName) => boolean) =>
    tiers.some((tier) => tier.usable && counts(tier.cluster)) ? loadsAmong(counts) : plain;

  const parts: Part[] = [];
  const direct = directed?.percent ?? 0;
  if (directed) parts.push({ weight: direct, loads: planAmong((one) => one === directed.to) });
  const levels = [0, ...[...withheld.values()].map(({ percent }) => percent), 100];
  const steps = [...new Set(levels)].sort((a, b) => a - b);
  for (const [i, until] of steps.entries()) {
    const from = steps[i - 1];
    if (from === undefined) continue;
    const counts = (one: ClusterName) => (withheld.get(one)?.percent ?? 0) < until;
    parts.push({ weight: ((until - from) * (100 - direct)) / 100, loads: planAmong(counts) });
  }
  return mixed(plain, parts);
}

interface Part {
  /** Percent. */
  readonly weight: number;
  readonly loads: readonly TierLoad[];
}

/** Whole percents again, together what they were without steering: what rounding leaves goes to the largest fractions. */
function mixed(plain: readonly TierLoad[], parts: readonly Part[]): TierLoad[] {
  const used = parts.filter(({ weight }) => weight > 0);
  const mix = (field: 'healthyLoad' | 'degradedLoad') =>
    plain.map((_, i) =>
      used.reduce((sum, { weight, loads }) => sum + (weight * (loads[i]?.[field] ?? 0)) / 100, 0),
    );
  const exact = [...mix('healthyLoad'), ...mix('degradedLoad')];
  const whole = exact.map((load) => Math.floor(load + 1e-9));
  const total = plain.reduce((sum, load) => sum + load.healthyLoad + load.degradedLoad, 0);
  const order = exact
    .map((load, i) => ({ i, rest: load - (whole[i] ?? 0) }))
    .sort((a, b) => b.rest - a.rest || a.i - b.i);
  let left = total - whole.reduce((sum, load) => sum + load, 0);
  for (const { i } of order) {
    if (left-- <= 0) break;
    whole[i] = (whole[i] ?? 0) + 1;
  }
  return plain.map((load, i) => ({
    healthyLoad: whole[i] ?? 0,
    degradedLoad: whole[plain.length + i] ?? 0,
    panic: used.some(({ loads }) => isPanicking(loads[i])) || (load.panic && !isPanicking(load)),
  }));
}

function isPanicking(load: TierLoad | undefined): boolean {
  return load?.panic === true && load.healthyLoad + load.degradedLoad > 0;
}

/** Whether every percent of a cluster's load is kept off it: then it is tried last. */
export function isKeptOff(steering: Steering | undefined, cluster: ClusterName): boolean {
  return (steering?.withheld.get(cluster)?.percent ?? 0) >= 100;
}

/** Why a tier of `cluster` carries more or less than the formula alone gives it; undefined when steering leaves it alone. */
export function steeringReason(
  steering: Steering | undefined,
  cluster: ClusterName,
  load: number,
): string | undefined {
  if (steering === undefined) return undefined;
  const { directed } = steering;
  const kept = steering.withheld.get(cluster);
  if (kept && kept.percent >= 100) {
    return load === 0
      ? `kept off: ${kept.why}`
      : `carries ${load} % though it should not (${kept.why}): nothing else can`;
  }
  if (kept) return `${rounded(kept.percent)} % of its load is kept off: ${kept.why}`;
  if (directed?.to === cluster)
    return `gets ${rounded(directed.percent)} % on purpose: ${directed.why}`;
  return undefined;
}

function rounded(percent: number): number {
  return Math.round(percent);
}
