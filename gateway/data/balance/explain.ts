/** Owns the answer to "where do requests go, and why": one decision written out candidate by candidate. */

import type { ClusterName, ServiceName } from '../../../core/names.ts';
import type { BalancePolicy } from '../../../policy/traffic-policy.ts';
import type { Health } from '../../../registry/model.ts';
import { decide } from './decide.ts';
import { endpointKey, withEjections } from './ejections.ts';
import { ejectionText, healthText } from './reason.ts';
import { type Scale, scaled } from './scaled.ts';
import { addressOf, isOfClass, loadsByClass, targetsOf } from './shares.ts';
import { slowStartText, withSlowStart } from './slow-start.ts';
import type {
  BalancerState,
  BalanceView,
  Caller,
  EndpointView,
  Group,
  LinkState,
  RemoteCluster,
  Tier,
} from './types.ts';

/** One place a request may go: an endpoint of the caller's cluster, or a locality whose endpoints stay home. */
export interface ExplainedCandidate {
  readonly cluster: ClusterName;
  readonly region: string;
  readonly zone: string;
  readonly endpoint?: string;
  /** `host:port` of the endpoint. */
  readonly address?: string;
  /** Index into `tiers`. */
  readonly tier: number;
  readonly tierName: string;
  /** Percent of all requests, one decimal. Within a tier it is by weight: latency and queues shift it. */
  readonly share: number;
  /** Round trip to the candidate's cluster; null when it is the caller's own or never measured. */
  readonly rttMs: number | null;
  /** `healthy`, or `2 of 3 healthy` for a locality; `unknown, last 2 of 3 healthy` where no link leads to it. */
  readonly health: string;
  /** What the endpoint's last check said, or why there is none; only where this gateway knows. */
  readonly check?: string;
  readonly ejected: boolean;
  /** Link to the candidate's cluster; null when it is the caller's own. */
  readonly link: LinkState | null;
  readonly stale: boolean;
  readonly reason: string;
}

/** A tier without its members: they are the candidates. */
type ExplainedTier = Omit<Tier, 'members'>;

/** Ready for JSON. */
interface Explanation {
  readonly service: ServiceName;
  readonly caller: Caller;
  readonly policy: BalancePolicy;
  /** Clusters imagined lost. */
  readonly without: readonly ClusterName[];
  /** What is imagined left of clusters' copies, 0 to 1. */
  readonly scale: Readonly<Record<ClusterName, number>>;
  readonly tiers: readonly ExplainedTier[];
  readonly candidates: readonly ExplainedCandidate[];
}

interface ExplainOptions {
  /** Clusters to imagine lost. Where any is named, the ramp of a failback is left out: it is the outcome that is asked for. */
  readonly without?: ReadonlySet<ClusterName> | undefined;
  /** Clusters to imagine with a part of their copies; then the ramp is left out, too. */
  readonly scale?: Scale | undefined;
}

/** Explains the decision for `caller`; with `state`, as the balancer that has learnt it decides. */
export function explain(
  view: BalanceView,
  caller: Caller,
  policy: BalancePolicy,
  state?: BalancerState | undefined,
  { without = new Set(), scale = new Map() }: ExplainOptions = {},
): Explanation {
  const learnt = state ? withSlowStart(withEjections(view, state.ejected), state.starting) : view;
  const seen = scaled(learnt, scale);
  const isNow = without.size === 0 && scale.size === 0;
  const governedLoads = isNow ? state?.governedLoads : undefined;
  const { tiers } = decide(seen, caller, policy, { without, governedLoads });
  return {
    service: view.service,
    caller,
    policy,
    without: [...without],
    scale: Object.fromEntries(scale),
    tiers: tiers.map(({ members: _, ...tier }) => ({
      ...tier,
      reason: tier.reason + breakersText(tier.cluster, state),
    })),
    candidates: tiers.flatMap((tier, i) => candidatesOf(tier, i, seen)),
  };
}

/** The breakers that are open there, for the end of a reason. */
function breakersText(cluster: ClusterName, state: BalancerState | undefined): string {
  const open = state?.openBreakers?.filter((one) => one.cluster === cluster) ?? [];
  return open.map(({ breaker, limit }) => `; ${breaker} is open: ${limit} under way`).join('');
}

function candidatesOf(tier: Tier, index: number, view: BalanceView): ExplainedCandidate[] {
  const shares = sharesOf(tier);
  const remote = view.remotes.get(tier.cluster);
  return tier.members.flatMap(({ group }) => {
    const place = placeOf(group, tier, index, remote);
    if (group.endpoints === undefined) {
      const share = rounded(shares.get(localityKey(group)) ?? 0);
      const last = healthText(group);
      const isKnown = place.link === null || place.link === 'up' || place.link === 'suspect';
      return [{ ...place, share, health: isKnown ? last : `unknown, last ${last}` }];
    }
    return group.endpoints.map((endpoint) => ({
      ...place,
      endpoint: endpoint.id,
      address: addressOf(endpoint),
      share: rounded(shares.get(endpointKey(endpoint.id)) ?? 0),
      health: endpoint.health as string,
      ejected: endpoint.ejected !== undefined,
      reason: endpointReason(endpoint, tier),
    }));
  });
}

function placeOf(group: Group, tier: Tier, index: number, remote: RemoteCluster | undefined) {
  const own = tier.kind !== 'cluster';
  return {
    cluster: group.cluster,
    region: group.region,
    zone: group.zone,
    tier: index,
    tierName: tier.name,
    rttMs: remote?.rttMs ?? null,
    ejected: remote?.ejected !== undefined,
    link: own ? null : (remote?.link ?? 'none'),
    stale: remote?.stale ?? false,
    reason: tier.reason,
  };
}

/** Percent of all requests for each endpoint by its key, or each locality whose endpoints stay home. */
function sharesOf(tier: Tier): Map<string, number> {
  const shares = new Map<string, number>();
  for (const { hosts, load } of loadsByClass(tier)) {
    const parts = tier.members.some(({ group }) => group.endpoints !== undefined)
      ? targetsOf(tier, hosts).map(({ target, weight }) => ({ key: target.key, weight }))
      : tier.members.map(({ group, weight }) => ({
          key: localityKey(group),
          weight: hosts === 'all' ? weight : weight * portion(group, hosts),
        }));
    const sum = parts.reduce((total, { weight }) => total + weight, 0);
    for (const { key, weight } of parts) {
      if (sum > 0) shares.set(key, (shares.get(key) ?? 0) + (load * weight) / sum);
    }
  }
  return shares;
}

/** Part of a locality's usable hosts that is of a class. */
function portion(group: Group, hosts: 'healthy' | 'degraded'): number {
  const usable = group.healthy + group.degraded;
  return usable === 0 ? 0 : group[hosts] / usable;
}

function endpointReason(endpoint: EndpointView, tier: Tier): string {
  if (endpoint.weight === 0) return 'carries nothing: its weight is 0';
  const used = loadsByClass(tier).some(({ hosts, load }) => load > 0 && isOfClass(endpoint, hosts));
  if (used || tier.healthyLoad + tier.degradedLoad === 0) {
    return endpoint.start === undefined
      ? tier.reason
      : `${tier.reason}; ${slowStartText(endpoint.start)}`;
  }
  if (endpoint.ejected) return `carries nothing: ${ejectionText(endpoint.ejected)}`;
  if (endpoint.health === 'degraded') return 'standby: healthy endpoints carry all of the tier';
  return `carries nothing: ${healthWords[endpoint.health]}`;
}

const healthWords: Record<Health, string> = {
  healthy: 'healthy',
  degraded: 'degraded',
  unhealthy: 'unhealthy',
  unknown: 'not checked yet',
};

function localityKey(group: Group): string {
  return `${group.region}/${group.zone}`;
}

function rounded(percent: number): number {
  return Math.round(percent * 10) / 10;
}
