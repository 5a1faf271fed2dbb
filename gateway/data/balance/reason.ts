/** Owns why a tier carries what it carries, as one sentence for a person. */
import type { ClusterName } from '../../../core/names.ts';
import type { BalancePolicy } from '../../../policy/traffic-policy.ts';
import type { GovernedTier } from './failback.ts';
import type { TierLoad } from './tier-load.ts';
import type { Outage, RankedTier } from './tiers.ts';
import type { Distribution, EjectionCause, LinkState } from './types.ts';
import { type Spreading, spreadText } from './zone-spread.ts';

const ejections: Record<EjectionCause, string> = {
  otherProtocol:
    'ejected: it speaks HTTP/2, and is registered as HTTP/1.1; register it with --protocol http2 or grpc',
  consecutive5xx: 'ejected after 5xx in a row (consecutive5xx)',
  consecutiveGatewayFailure:
    'ejected after gateway failures in a row, 502 to 504 or no answer (consecutiveGatewayFailure)',
  consecutiveLocalOriginFailure:
    'ejected after tries without an answer in a row (consecutiveLocalOriginFailure)',
  successRate: 'ejected for a success rate far under that of its siblings (successRateStdevFactor)',
  failurePercentage: 'ejected for failing too often (failurePercentageThreshold)',
};

/** The cause of an ejection, in words. */
export function ejectionText(cause: EjectionCause): string {
  return ejections[cause];
}

const outages: Record<Exclude<Outage, 'ejected'>, string> = {
  without: 'excluded by --without',
  down: 'carries nothing: link is down',
  connecting: 'carries nothing: link is still connecting',
  none: 'carries nothing: there is no link',
  suspect: 'carries nothing for now: link is suspect, nothing is heard by it',
};

/** A tier with its loads. */
type ReasonedTier = RankedTier & TierLoad & { readonly spreading?: Spreading };

/** The sentence for `tiers[index]`, whose loads are the ones in force. */
export function reasonOf(
  tiers: readonly ReasonedTier[],
  index: number,
  policy: BalancePolicy,
  governed: GovernedTier | undefined,
): string {
  const tier = tiers[index];
  if (tier === undefined) return '';
  const load = tier.healthyLoad + tier.degradedLoad;
  const above = tiers
    .slice(0, index)
    .reduce((sum, better) => sum + better.healthyLoad + better.degradedLoad, 0);
  if (tier.outage && !(tier.panic && load > 0))
    return outageText(tier.outage, tier.remote?.ejected);
  return sentence(tier, load, above, index, policy, governed) + doubts(tier.remote);
}

function outageText(outage: Outage, cause: EjectionCause | undefined): string {
  if (outage !== 'ejected') return outages[outage];
  return `carries nothing: ${cause ? ejectionText(cause) : 'ejected'}`;
}

/** The doubts about the state of another cluster, for the end of a reason. */
function doubts(remote: RankedTier['remote']): string {
  if (remote === undefined) return '';
  const { link, stale } = remote;
  if (link !== 'up') return `; ${linkWords[link]}${stale ? ' and its records are stale' : ''}`;
  return stale ? '; its records are stale, its link is alive' : '';
}

const linkWords: Record<Exclude<LinkState, 'up'>, string> = {
  suspect: 'its link is suspect, nothing is heard by it',
  down: 'its link is down',
  connecting: 'its link is still connecting',
  none: 'there is no link to it',
};

function sentence(
  tier: ReasonedTier,
  load: number,
  above: number,
  index: number,
  policy: BalancePolicy,
  governed: GovernedTier | undefined,
): string {
  if (tier.total === tier.excluded) return 'carries nothing: all its endpoints have weight 0';
  const health = healthText(tier);
  if (tier.panic && load > 0) {
    return `panic: ${health} is under ${policy.panicThreshold} %, so all its hosts are used`;
  }
  if (governed && load < governed.target) {
    if (governed.state.kind === 'holding') {
      return `holding: able to carry ${governed.target} % again, keeps ${load} % until it has stayed able`;
    }
    return `ramping back: ${load} % of ${governed.target} %`;
  }
  if (governed && load > governed.target) {
    return `still carries ${load} %: load returns to better tiers step by step`;
  }
  if (tier.spreading && load > 0) return spreadText(tier.kind, load, tier.spreading);
  if (load === 100) return `carries all: ${health}`;
  const peers = peersOf(tier.cluster, policy);
  if (peers !== undefined && load > 0) return `carries ${load} %: ${health}; ${peers}`;
  const cover = `${index === 1 ? 'tier' : 'tiers'} above ${index === 1 ? 'covers' : 'cover'}`;
  if (load > 0 && above > 0) return `spill: ${cover} ${above} %`;
  if (load > 0) return `carries ${load} %: ${health}`;
  if (above === 100 && tier.healthy + tier.degraded > 0) return `standby: ${cover} 100 %`;
  return `carries nothing: ${health}`;
}

/** How a cluster shares one tier with others; undefined where it does not. */
function peersOf(cluster: ClusterName, { clusterWeights }: BalancePolicy): string | undefined {
  const own = clusterWeights.find((one) => one.cluster === cluster);
  if (own === undefined || clusterWeights.length === 1) return undefined;
  const others = clusterWeights.filter((one) => one !== own);
  const sum = clusterWeights.reduce((total, { weight }) => total + weight, 0);
  const names = others.map((one) => one.cluster).join(', ');
  return `by weight ${own.weight} of ${sum}, in one tier with ${names} (clusterWeights)`;
}

/** Most tiers that a refusal speaks of. */
const mostTiersSaid = 4;

/** Why a request finds nobody, tier by tier as `explain` says it; for the end of a sentence. `localOnly`: as of `PickRequest`. */
export function whyNobody({ caller, tiers }: Distribution, localOnly: boolean): string {
  const asked = localOnly ? tiers.filter(({ cluster }) => cluster === caller.cluster) : tiers;
  if (asked.length === 0) return localOnly ? `: ${caller.cluster} has none` : ': nobody has any';
  const isOut = asked.every(({ total, excluded }) => total === excluded);
  if (isOut) return ': all of them have weight 0';
  const said = asked.slice(0, mostTiersSaid).map(({ name, reason }) => `${name} ${reason}`);
  const more = asked.length - said.length;
  return `: ${said.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

/** `2 of 3 healthy`, with degraded ones when there are any. */
export function healthText(counts: {
  readonly total: number;
  readonly excluded: number;
  readonly healthy: number;
  readonly degraded: number;
}): string {
  const { healthy, degraded } = counts;
  const hosts = counts.total - counts.excluded;
  return degraded === 0
    ? `${healthy} of ${hosts} healthy`
    : `${healthy} healthy and ${degraded} degraded of ${hosts}`;
}
