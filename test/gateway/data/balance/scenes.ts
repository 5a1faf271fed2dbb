/** Owns what balancing tests have in common: chance that repeats itself, and worlds told in a few words. */

import type { Random } from '../../../../core/clock.ts';
import { parseClusterName, serviceName } from '../../../../core/names.ts';
import {
  type Candidate,
  createMeter,
  type EndpointAlgorithm,
} from '../../../../gateway/data/balance/candidate.ts';
import { observe } from '../../../../gateway/data/balance/peak-ewma.ts';
import type {
  BalanceView,
  Caller,
  EndpointView,
  Group,
  PickRequest,
  RemoteCluster,
} from '../../../../gateway/data/balance/types.ts';
import { type BalancePolicy, defaultBalance } from '../../../../policy/traffic-policy.ts';
import type { Health } from '../../../../registry/model.ts';

/** Mulberry32: small, even, and the same every time. */
export function seeded(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const dc1 = parseClusterName('dc1');
export const dc2 = parseClusterName('dc2');
export const dc3 = parseClusterName('dc3');
export const web = serviceName('shop', 'web');
export const caller: Caller = { cluster: dc1, region: 'eu', zone: 'eu-a' };
export const none: ReadonlySet<string> = new Set();

/** Endpoints of dc1 in a zone: `zone('eu-a', { a: 'healthy', b: 'unhealthy' })`. */
export function zone(
  name: string,
  healths: Record<string, Health>,
  weights: Record<string, number> = {},
): Group {
  const endpoints = Object.entries(healths).map(
    ([id, health]): EndpointView => ({
      id,
      zone: name,
      address: '10.0.0.1',
      port: 80,
      weight: weights[id] ?? 1,
      health,
      protocol: 'http',
      ejected: undefined,
    }),
  );
  const count = (health: Health) =>
    endpoints.filter((endpoint) => endpoint.weight > 0 && endpoint.health === health).length;
  return {
    cluster: dc1,
    region: 'eu',
    zone: name,
    total: endpoints.length,
    healthy: count('healthy'),
    degraded: count('degraded'),
    excluded: endpoints.filter(({ weight }) => weight === 0).length,
    endpoints,
  };
}

/** A summary of another cluster: its endpoints stay home. */
export function summary(
  cluster: Group['cluster'],
  healthy: number,
  total: number,
  degraded = 0,
): Group {
  return { cluster, region: 'us', zone: 'us-a', total, healthy, degraded, excluded: 0 };
}

export function remote(
  cluster: RemoteCluster['cluster'],
  rest: Partial<RemoteCluster> = {},
): RemoteCluster {
  return {
    cluster,
    region: 'us',
    link: 'up',
    rttMs: 20,
    ejected: undefined,
    stale: false,
    ...rest,
  };
}

export function viewOf(
  groups: readonly Group[],
  remotes: readonly RemoteCluster[] = [],
): BalanceView {
  return { service: web, groups, remotes: new Map(remotes.map((one) => [one.cluster, one])) };
}

export function policyWith(rest: Partial<BalancePolicy> = {}): BalancePolicy {
  return { ...defaultBalance, ...rest };
}

export function request(rest: Partial<PickRequest> = {}): PickRequest {
  return { tried: none, mayLeaveTier: true, localOnly: false, ...rest };
}

export function candidates(weights: Record<string, number>): Candidate[] {
  return Object.entries(weights).map(([key, weight]) => ({
    key,
    place: key,
    weight,
    meter: createMeter(),
  }));
}

/** How many of `requests` each candidate gets from a closed loop: `concurrency` at a time, each taking what `latencyMs` says. */
export function loopOver(
  algorithm: EndpointAlgorithm,
  among: readonly Candidate[],
  concurrency: number,
  requests: number,
  latencyMs: (index: number) => number,
): number[] {
  const counts = among.map(() => 0);
  const busy: { readonly index: number; readonly ms: number; readonly until: number }[] = [];
  let now = 0;
  for (let i = 0; i < requests + concurrency; i++) {
    if (busy.length === concurrency) {
      busy.sort((a, b) => b.until - a.until);
      const done = busy.pop();
      const meter = done && among[done.index]?.meter;
      if (!done || !meter) break;
      now = done.until;
      meter.pending--;
      observe(meter, done.ms, now);
    }
    const index = algorithm.pick(now, none, undefined);
    const meter = among[index]?.meter;
    if (!meter) break;
    if (i < requests) counts[index] = (counts[index] ?? 0) + 1;
    meter.pending++;
    const ms = latencyMs(index);
    busy.push({ index, ms, until: now + ms });
  }
  return counts;
}

/** Fraction of `picks` picks that each candidate got, without any request in flight. */
export function sharesOver(
  algorithm: EndpointAlgorithm,
  among: readonly Candidate[],
  picks: number,
): number[] {
  const counts = among.map(() => 0);
  for (let i = 0; i < picks; i++) {
    const index = algorithm.pick(0, none, undefined);
    counts[index] = (counts[index] ?? 0) + 1;
  }
  return counts.map((count) => count / picks);
}
