/** Owns predicting a drill: every cluster's decisions with and without it, by the code that balances real requests. */

import { msOf } from '../../../core/duration.ts';
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import { type Demand, demandAt, lookBackMs } from '../../../federation/drills/demand.ts';
import { breaches, broken } from '../../../federation/drills/guardrails.ts';
import {
  type Concern,
  markAt,
  quantileMs,
  windowBetween,
} from '../../../federation/drills/measures.ts';
import type { Breach, ClusterPrediction, Prediction } from '../../../federation/drills/model.ts';
import type { DrillSpec } from '../../../federation/drills/spec.ts';
import { decide } from '../../data/balance/decide.ts';
import { steeringOf } from '../../data/balance/steering.ts';
import type { BalanceView, Group, Tier } from '../../data/balance/types.ts';
import { concernOf, divided } from './concern.ts';
import { effectsOf } from './effects.ts';
import { type Lately, unknownText } from './lately.ts';
import type { Sight } from './sight.ts';

/** The federation as this gateway sees it now. */
export type Seen = Pick<
  Sight,
  | 'self'
  | 'services'
  | 'clusters'
  | 'capacity'
  | 'serviceCapacity'
  | 'caller'
  | 'view'
  | 'policy'
  | 'shifts'
>;

/** More of them than this say nothing to a person. */
const mostUnknown = 20;

export function predict(
  spec: DrillSpec,
  seen: Seen,
  { histories, unknown }: Lately,
  at: { readonly wall: number; readonly monotonic: number },
): Prediction {
  const measured = demandAt(histories, at.monotonic);
  const concern = concernOf(spec, seen, measured);
  const services = concern.services ?? seen.services();
  const { concerned, besides } = divided(measured, concern);
  const isMeasured = services.some((service) => (concerned.get(service)?.size ?? 0) > 0);
  const demand = isMeasured ? concerned : divided(imagined(services, seen), concern).concerned;
  const before = loads(services, demand, seen, undefined);
  const after = loads(services, demand, seen, spec);
  const beside = loads([...besides.keys()], besides, seen, undefined);
  const clusters = clustersOf(seen, { before, after, beside }, isMeasured);
  const window = windowBetween(
    markAt(histories, at.monotonic - lookBackMs.latency),
    markAt(histories, at.monotonic),
    concern,
  );
  const errorRate = failing(spec, after, seen, services);
  const p99Ms = isMeasured ? slowed(quantileMs(window, 0.99), spec, after) : undefined;
  const fewestHealthy = fewestHealthyLeft(spec, seen, concern);
  const nothingFailed = { ...window, failed: 0, latency: [] };
  const loadsThen = loadsOf(clusters);
  const left = { window: nothingFailed, loads: loadsThen, fewestHealthy, elapsedMs: 0 };
  const breaks = [
    ...breaches(spec.guardrails, left),
    ...overloaded(spec, isMeasured ? measured : new Map(), seen),
    ...broken(spec.guardrails, [
      ['errorRate', errorRate, `${(100 * errorRate).toFixed(1)} % of requests would fail`],
      ['p99', p99Ms, `99 of 100 requests would take up to ${Math.round(p99Ms ?? 0)} ms`],
    ]),
  ];
  return {
    at: at.wall,
    concern,
    measured: isMeasured,
    unknown: [...unknown],
    clusters,
    errorRate,
    ...(p99Ms === undefined ? {} : { p99Ms }),
    ...(fewestHealthy && { fewestHealthy }),
    breaks,
    notes: [
      ...notes(spec, seen, clusters, { isMeasured, isWhole: unknown.length === 0 }),
      ...unknown.map((one) => unknownText(one, at.wall)).slice(0, mostUnknown),
    ],
  };
}

/** The healthy copies of the service concerned that has fewest left while the drill is in force. */
export function fewestHealthyLeft(
  spec: DrillSpec,
  seen: Pick<Seen, 'view' | 'self'>,
  { services = [] }: Concern,
): Prediction['fewestHealthy'] {
  let found: Prediction['fewestHealthy'];
  for (const service of services) {
    const healthy = healthyLeft(spec, seen.view(service, seen.self));
    if (!found || healthy < found.healthy) found = { service, healthy };
  }
  return found;
}

/** Without measured traffic: one request per second for each service from each cluster. */
function imagined(services: readonly ServiceName[], seen: Seen): Demand {
  const each = new Map(seen.clusters().map((cluster) => [cluster, 1]));
  return new Map(services.map((service) => [service, each]));
}

interface Loads {
  /** Requests per second that each cluster answers, of the services concerned. */
  readonly to: ReadonlyMap<ClusterName, number>;
  /** The part of them that the drill strikes. */
  readonly struck: number;
  readonly total: number;
}

function loads(
  services: readonly ServiceName[],
  demand: Demand,
  seen: Seen,
  drill: DrillSpec | undefined,
): Loads {
  const to = new Map<ClusterName, number>();
  let struck = 0;
  let total = 0;
  const added = drill ? effectsOf('drill', drill, 1, seen.self).shifts : [];
  const shifts = [...seen.shifts(), ...added];
  for (const service of services) {
    for (const [from, rate] of demand.get(service) ?? []) {
      const now = { ...seen.view(service, from), steering: steeringOf(shifts, service) };
      const view = drill ? bereft(now, drill, from) : now;
      const { tiers } = decide(view, seen.caller(from), seen.policy(service));
      for (const tier of tiers) {
        const part = (rate * (tier.healthyLoad + tier.degradedLoad)) / 100;
        to.set(tier.cluster, (to.get(tier.cluster) ?? 0) + part);
        total += part;
        if (drill) struck += part * shareStruck(drill, from, tier);
      }
    }
  }
  return { to, struck, total };
}

/** The view once it is noticed what a black hole swallows; other kinds take nothing out of it. */
function bereft(view: BalanceView, { kind, scope }: DrillSpec, from: ClusterName): BalanceView {
  if (kind !== 'black-hole') return view;
  if (scope.link && scope.link.from !== from) return view;
  const cluster = scope.link?.to ?? scope.cluster;
  const isLost = (group: Group) =>
    (cluster === undefined || group.cluster === cluster) &&
    (scope.zone === undefined || group.zone === scope.zone);
  return { ...view, groups: view.groups.filter((group) => !isLost(group)) };
}

/** Share, 0 to 1, of the requests of a tier that the drill strikes; of a tier with several zones as its weights spread them. */
function shareStruck({ kind, scope }: DrillSpec, from: ClusterName, tier: Tier): number {
  if (kind !== 'slow' && kind !== 'fail') return 0;
  if (scope.link) return scope.link.from === from && scope.link.to === tier.cluster ? 1 : 0;
  if (scope.cluster !== undefined && scope.cluster !== tier.cluster) return 0;
  if (scope.zone === undefined) return 1;
  const weight = (members: Tier['members']) => members.reduce((sum, one) => sum + one.weight, 0);
  const all = weight(tier.members);
  const inZone = weight(tier.members.filter(({ group }) => group.zone === scope.zone));
  return all === 0 ? 0 : inZone / all;
}

/** `beside`: what clusters answer that the drill does not concern, but that takes up their capacity too. */
function clustersOf(
  seen: Seen,
  { before, after, beside }: Readonly<Record<'before' | 'after' | 'beside', Loads>>,
  isMeasured: boolean,
): ClusterPrediction[] {
  return seen.clusters().map((cluster) => {
    const [now, then] = [before.to.get(cluster) ?? 0, after.to.get(cluster) ?? 0];
    const rest = beside.to.get(cluster) ?? 0;
    const capacity = seen.capacity(cluster);
    return {
      cluster,
      before: isMeasured ? now : 0,
      after: isMeasured ? then : 0,
      shareBefore: before.total === 0 ? 0 : now / before.total,
      shareAfter: after.total === 0 ? 0 : then / after.total,
      ...(capacity === undefined ? {} : { capacity }),
      ...(capacity === undefined || !isMeasured
        ? {}
        : { loadBefore: (now + rest) / capacity, loadAfter: (then + rest) / capacity }),
    };
  });
}

/** The breaches by services that would be asked for more, in a cluster, than it states for their copies there. */
function overloaded(spec: DrillSpec, demand: Demand, seen: Seen): Breach[] {
  return seen.clusters().flatMap((cluster) =>
    [...demand.keys()].flatMap((service) => {
      const capacity = seen.serviceCapacity(service, cluster);
      if (capacity === undefined) return [];
      const rate = loads([service], demand, seen, spec).to.get(cluster) ?? 0;
      const what = `${service} in ${cluster} would be asked ${Math.round(rate)} times a second; it states ${capacity}`;
      return broken(spec.guardrails, [['load', rate / capacity, what]]);
    }),
  );
}

function loadsOf(clusters: readonly ClusterPrediction[]): Map<string, number> {
  return new Map(
    clusters.flatMap(({ cluster, loadAfter }) =>
      loadAfter === undefined ? [] : [[cluster, loadAfter] as const],
    ),
  );
}

/**
 * Share of requests that fail although they are tried again: of the tries a share `p` (0 to 1) fails; all tries of one
 * request do by `p` to the power of their number, and what fails beyond the retry budget is not tried again at all.
 */
export function failingAfterRetries(
  p: number,
  retry: { readonly maxTries: number; readonly budgetPercent: number },
): number {
  return Math.max(p ** retry.maxTries, p - retry.budgetPercent / 100, 0);
}

function failing(
  { kind, fail }: DrillSpec,
  { struck, total }: Loads,
  seen: Seen,
  services: readonly ServiceName[],
): number {
  const [service] = services;
  if (kind !== 'fail' || !fail || service === undefined || total === 0) return 0;
  // A request that was wrong is no failure of the service.
  if (fail.status < 500) return 0;
  const tries = ((struck / total) * fail.percent) / 100;
  const { retry } = seen.policy(service);
  return retry.statuses.includes(fail.status) ? failingAfterRetries(tries, retry) : tries;
}

/** A delay that strikes more than one in a hundred is in the p99. */
function slowed(p99Ms: number | undefined, { kind, slow }: DrillSpec, { struck, total }: Loads) {
  if (p99Ms === undefined || kind !== 'slow' || slow === undefined) return p99Ms;
  return total > 0 && struck / total > 0.01 ? p99Ms + msOf(slow.delay) + msOf(slow.jitter) : p99Ms;
}

function healthyLeft(spec: DrillSpec, view: BalanceView): number {
  const { kind, scope } = spec;
  const counts = (group: Group) => {
    if (kind === 'evacuate') return group.cluster !== scope.cluster;
    // Where one link to the cluster swallows requests, others still reach it.
    return scope.link
      ? true
      : bereft({ ...view, groups: [group] }, spec, group.cluster).groups.length > 0;
  };
  return view.groups.filter(counts).reduce((sum, group) => sum + group.healthy, 0);
}

function notes(
  { kind, scope }: DrillSpec,
  seen: Seen,
  clusters: readonly ClusterPrediction[],
  { isMeasured, isWhole }: { readonly isMeasured: boolean; readonly isWhole: boolean },
): string[] {
  const said: string[] = [];
  if (kind === 'expire-trust')
    return [
      'Nothing moves: a certificate that has expired is shown to the others, who must refuse it',
    ];
  if (kind === 'lose-registry') return ['Nothing moves: gateways route by what they know'];
  if (!isMeasured) {
    const where = isWhole ? '' : ' at the gateways that answer';
    said.push(`No traffic was measured${where}: shares are as if every cluster asked alike`);
  }
  const unstated = clusters.filter(({ capacity }) => capacity === undefined);
  if (isMeasured && unstated.length > 0) {
    const names = unstated.map(({ cluster }) => cluster).join(', ');
    said.push(`The load guardrail does not watch clusters that state no capacity: ${names}`);
  }
  if (kind === 'black-hole') {
    said.push(
      'Loads are those after the loss is noticed; until then requests wait for their timeouts',
    );
  }
  if (scope.service && !seen.services().includes(scope.service)) {
    said.push(`Nobody has a copy of ${scope.service}`);
  }
  return said;
}
