/** Owns how much of what a zone's gateways are asked stays in that zone, where zones share load evenly: Envoy's zone aware routing. */
import type { ZoneRouting } from '../../../policy/traffic/tiers.ts';
import type { BalanceView, Caller, Group, TierKind } from './types.ts';

/** Fewest healthy endpoints of a cluster that zones share: with fewer a zone's share is too coarse. Envoy's `min_cluster_size`. */
const fewestEndpoints = 6;

/** The parts of a cluster in one of its zones. */
interface ZonePart {
  readonly zone: string;
  /** What its healthy endpoints can carry, by their weights. */
  readonly capacity: number;
  /** Gateways there: they stand for those who ask. */
  readonly gateways: number;
}

interface ZoneSpread {
  /** Part of the zone's requests that stays there, 0 to 1. */
  readonly stays: number;
  /** Parts of what leaves it by zone, together 1; 0 for a zone that has no more capacity than gateways. */
  readonly goes: ReadonlyMap<string, number>;
  /** Whole percents of the cluster's capacity and gateways that are in the zone. */
  readonly capacityPercent: number;
  readonly gatewaysPercent: number;
}

/**
 * Envoy's `regenerateLocalityRoutingStructures`: a zone with as large a part of the capacity as of the gateways keeps all. Else it keeps
 * capacity by gateways, and the rest goes to others by residual capacity, which is part of the capacity less part of the gateways.
 * Undefined where all stays, or no gateway is known to be in the zone.
 */
export function zoneSpread(zones: readonly ZonePart[], own: string): ZoneSpread | undefined {
  const capacity = sum(zones.map((one) => one.capacity));
  const gateways = sum(zones.map((one) => one.gateways));
  const here = zones.find(({ zone }) => zone === own);
  if (here === undefined || here.gateways === 0 || capacity === 0) return undefined;
  const part = (one: ZonePart) => ({
    capacity: one.capacity / capacity,
    gateways: one.gateways / gateways,
  });
  const mine = part(here);
  if (mine.capacity >= mine.gateways) return undefined;
  const residuals = zones.map((one) => {
    const { capacity: has, gateways: asks } = part(one);
    return { zone: one.zone, residual: Math.max(0, has - asks) };
  });
  const whole = sum(residuals.map(({ residual }) => residual));
  return {
    stays: mine.capacity / mine.gateways,
    goes: new Map(residuals.map(({ zone, residual }) => [zone, residual / whole])),
    capacityPercent: Math.round(100 * mine.capacity),
    gatewaysPercent: Math.round(100 * mine.gateways),
  };
}

/** The same of a service's copies in the caller's cluster; undefined, too, where the policy has zones keep what they can. */
export function spreadIn(
  { groups, gateways: known }: Pick<BalanceView, 'groups' | 'gateways'>,
  { cluster, zone: own }: Caller,
  routing: ZoneRouting,
): ZoneSpread | undefined {
  if (routing === 'prefer') return undefined;
  // Who knows of no registry, or of none yet, decides as if alone: zones are loaded evenly then.
  const gateways = known ?? new Map([[own, 1]]);
  const copies = groups.filter((group) => group.cluster === cluster);
  if (sum(copies.map(({ healthy }) => healthy)) < fewestEndpoints) return undefined;
  const zones = new Set([...copies.map(({ zone }) => zone), ...gateways.keys()]);
  const parts = Array.from(zones, (zone) => ({
    zone,
    capacity: sum(copies.filter((one) => one.zone === zone).map(capacityOf)),
    gateways: gateways.get(zone) ?? 0,
  }));
  return zoneSpread(parts, own);
}

function capacityOf(group: Group): number {
  const hosts = group.total - group.excluded;
  return hosts <= 0 ? 0 : (localityWeight(group) * group.healthy) / hosts;
}

export function localityWeight(group: Group): number {
  return group.endpoints?.reduce((weight, endpoint) => weight + endpoint.weight, 0) ?? group.total;
}

/** A tier, as far as zones share its load. */
interface ZoneTier {
  readonly kind: TierKind;
  readonly healthy: number;
  readonly healthyLoad: number;
  readonly panic: boolean;
}

/** What a tier has to do with the spread. */
export interface Spreading {
  readonly spread: ZoneSpread;
  /** Percent of all requests that another tier takes by it: the rest of the cluster, for the zone. */
  readonly moved: number;
}

/**
 * Moves what does not stay in the zone to the rest of its cluster, unless one of them panics. Where the zone has nobody healthy all that
 * the rest gets goes by residual capacity.
 */
export function withSpread<T extends ZoneTier>(
  tiers: readonly T[],
  spread: ZoneSpread | undefined,
): (T & { readonly spreading?: Spreading })[] {
  const zone = tiers.find(({ kind }) => kind === 'zone');
  const rest = tiers.find(({ kind }) => kind === 'region');
  if (spread === undefined || rest === undefined || rest.healthy === 0) return [...tiers];
  if (rest.panic || zone?.panic) return [...tiers];
  const isAble = zone !== undefined && zone.healthy > 0;
  const leaves = isAble ? Math.round(zone.healthyLoad * (1 - spread.stays)) : 0;
  const moved = isAble ? leaves : rest.healthyLoad;
  if (moved === 0) return [...tiers];
  return tiers.map((tier) => {
    if (tier !== zone && tier !== rest) return tier;
    const healthyLoad = tier.healthyLoad + (tier === rest ? leaves : -leaves);
    return { ...tier, healthyLoad, spreading: { spread, moved } };
  });
}

/** Least part of its tier's load for a zone without residual capacity: it stays one that can be tried. */
const next = 1e-6;

/** Weights of a tier's zones, once part of its load goes by residual capacity; `weights` are those of the others. */
export function spreadWeights(
  zones: readonly string[],
  weights: readonly number[],
  load: number,
  { spread, moved }: Spreading,
): number[] {
  const whole = sum(weights);
  if (whole === 0 || load === 0) return [...weights];
  const residual = zones.map((zone, i) =>
    weights[i] === 0 ? 0 : Math.max(next, spread.goes.get(zone) ?? 0),
  );
  const all = sum(residual);
  const part = Math.min(1, moved / load);
  return weights.map(
    (weight, i) => whole * (((1 - part) * weight) / whole + (part * (residual[i] ?? 0)) / all),
  );
}

/** Why a tier carries what it does by the spread, for a person. */
export function spreadText(kind: TierKind, load: number, { spread, moved }: Spreading): string {
  const { capacityPercent, gatewaysPercent } = spread;
  const has = `has ${capacityPercent} % of the healthy copies and ${gatewaysPercent} % of the gateways`;
  if (kind === 'zone') return `carries ${load} %: the zone ${has} (zones: residual)`;
  return `takes ${moved} % that the caller's zone does not keep, which ${has} (zones: residual)`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
