/** Owns what a drill would do, before it does: every cluster's decisions with and without it, by the code that balances real requests. */
import type { ClusterName, ServiceName } from '../../core/names.ts';
import { breaches } from '../../federation/drills/guardrails.ts';
import {
  type History,
  markAt,
  quantileMs,
  windowBetween,
} from '../../federation/drills/measures.ts';
import type { ClusterPrediction, Prediction } from '../../federation/drills/model.ts';
import { type DrillSpec, msOf } from '../../federation/drills/spec.ts';
import { decide } from '../balance/decide.ts';
import { type Shift, steeringOf } from '../balance/steering.ts';
import type { BalancePolicy, BalanceView, Caller, Group, Tier } from '../balance/types.ts';
import { defaultRetry } from '../proxy/retry.ts';
import { type Demand, demandAt } from './demand.ts';
import { effectsOf } from './effects.ts';

/** The federation as this gateway sees it now. */
export interface PredictionWorld {
  readonly self: ClusterName;
  /** Services anybody has copies of. */
  services(): readonly ServiceName[];
  clusters(): readonly ClusterName[];
  /** Requests per second a cluster states it can take. */
  capacity(cluster: ClusterName): number | undefined;
  caller(cluster: ClusterName): Caller;
  /** What gateways of a cluster see of a service, without anything moved on purpose. */
  view(service: ServiceName, from: ClusterName): BalanceView;
  policy(service: ServiceName): BalancePolicy;
  /** What is moved on purpose already. */
  shifts(): readonly Shift[];
  readonly histories: ReadonlyMap<string, History>;
}

/** Services looked at; the busiest, or where none is, the first by name. */
const mostServices = 500;
const recentMs = 30_000;

export function predict(
  spec: DrillSpec,
  world: PredictionWorld,
  at: { readonly wall: number; readonly monotonic: number },
): Prediction {
  const measured = demandAt(world.histories, at.monotonic);
  const services = concerned(spec, world, measured);
  const isMeasured = services.some((service) => measured.has(service));
  const demand = isMeasured ? measured : imagined(services, world);
  const before = loads(services, demand, world, undefined);
  const after = loads(services, demand, world, spec);
  const clusters = clustersOf(world, before, after, isMeasured);
  const window = windowBetween(
    markAt(world.histories, at.monotonic - recentMs),
    markAt(world.histories, at.monotonic),
  );
  const errorRate = failing(spec, after, world, services);
  const p99Ms = slowed(quantileMs(window, 0.99), spec, after);
  const fewestHealthy = fewest(spec, world, services);
  const breaks = breaches(spec.guardrails, {
    window: { ...window, failed: 0, latency: [] },
    loads: loadsOf(clusters),
    fewestHealthy,
    elapsedMs: 0,
  });
  if (errorRate > spec.guardrails.errorRate) {
    const what = `${(100 * errorRate).toFixed(1)} % of requests would fail`;
    breaks.push({
      guardrail: 'errorRate',
      what,
      value: errorRate,
      limit: spec.guardrails.errorRate,
    });
  }
  const limit = spec.guardrails.p99 === undefined ? Infinity : msOf(spec.guardrails.p99);
  if (p99Ms !== undefined && p99Ms > limit) {
    const what = `99 of 100 requests would take up to ${Math.round(p99Ms)} ms`;
    breaks.push({ guardrail: 'p99', what, value: p99Ms, limit });
  }
  return {
    at: at.wall,
    measured: isMeasured,
    clusters,
    errorRate,
    ...(p99Ms === undefined ? {} : { p99Ms }),
    ...(fewestHealthy && { fewestHealthy }),
    breaks,
    notes: notes(spec, world, clusters, isMeasured),
  };
}

/** The healthy copies of the service concerned that has fewest left while the drill is in force. */
export function fewestHealthyLeft(
  spec: DrillSpec,
  world: PredictionWorld,
): Prediction['fewestHealthy'] {
  return fewest(spec, world, concerned(spec, world, new Map()));
}

function concerned({ kind, scope }: DrillSpec, world: PredictionWorld, demand: Demand) {
  if (kind === 'expire-trust' || kind === 'lose-registry') return [];
  if (scope.service) return [scope.service];
  const cluster = scope.cluster ?? scope.link?.to;
  const rate = (service: ServiceName) =>
    [...(demand.get(service)?.values() ?? [])].reduce((sum, one) => sum + one, 0);
  return world
    .services()
    .filter((service) =>
      world.view(service, world.self).groups.some((group) => group.cluster === cluster),
    )
    .sort((a, b) => rate(b) - rate(a))
    .slice(0, mostServices);
}

/** Without measured traffic: one request per second for each service from each cluster. */
function imagined(services: readonly ServiceName[], world: PredictionWorld): Demand {
  const each = new Map(world.clusters().map((cluster) => [cluster, 1]));
  return new Map(services.map((service) => [service, each]));
}

interface Loads {
  /** Requests per second that each cluster answers, of the services concerned. */
  readonly to: ReadonlyMap<ClusterName, number>;
  /** Of those, the ones that the drill strikes. */
  readonly struck: number;
  readonly total: number;
}

function loads(
  services: readonly ServiceName[],
  demand: Demand,
  world: PredictionWorld,
  drill: DrillSpec | undefined,
): Loads {
  const to = new Map<ClusterName, number>();
  let struck = 0;
  let total = 0;
  const added = drill ? effectsOf('drill', drill, 1, world.self).shifts : [];
  const shifts = [...world.shifts(), ...added];
  for (const service of services) {
    for (const [from, rate] of demand.get(service) ?? []) {
      const seen = { ...world.view(service, from), steering: steeringOf(shifts, service) };
      const view = drill ? bereft(seen, drill, from) : seen;
      const { tiers } = decide(view, world.caller(from), world.policy(service));
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

function clustersOf(
  world: PredictionWorld,
  before: Loads,
  after: Loads,
  isMeasured: boolean,
): ClusterPrediction[] {
  return world.clusters().map((cluster) => {
    const [now, then] = [before.to.get(cluster) ?? 0, after.to.get(cluster) ?? 0];
    const capacity = world.capacity(cluster);
    return {
      cluster,
      before: isMeasured ? now : 0,
      after: isMeasured ? then : 0,
      shareBefore: before.total === 0 ? 0 : now / before.total,
      shareAfter: after.total === 0 ? 0 : then / after.total,
      ...(capacity === undefined ? {} : { capacity }),
      ...(capacity === undefined || !isMeasured
        ? {}
        : { loadBefore: now / capacity, loadAfter: then / capacity }),
    };
  });
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
  world: PredictionWorld,
  services: readonly ServiceName[],
): number {
  const [service] = services;
  if (kind !== 'fail' || !fail || service === undefined || total === 0) return 0;
  // What a client has asked for wrongly is no failure of the service.
  if (fail.status < 500) return 0;
  const tries = ((struck / total) * fail.percent) / 100;
  if (!defaultRetry.statuses.includes(fail.status)) return tries;
  return failingAfterRetries(tries, world.policy(service).retry);
}

/** A delay that strikes more than one in a hundred is in the p99. */
function slowed(p99Ms: number | undefined, { kind, slow }: DrillSpec, { struck, total }: Loads) {
  if (p99Ms === undefined || kind !== 'slow' || slow === undefined) return p99Ms;
  return total > 0 && struck / total > 0.01 ? p99Ms + msOf(slow.delay) + msOf(slow.jitter) : p99Ms;
}

function fewest(
  spec: DrillSpec,
  world: PredictionWorld,
  services: readonly ServiceName[],
): Prediction['fewestHealthy'] {
  let found: Prediction['fewestHealthy'];
  for (const service of services) {
    const healthy = healthyLeft(spec, world.view(service, world.self));
    if (!found || healthy < found.healthy) found = { service, healthy };
  }
  return found;
}

function healthyLeft(spec: DrillSpec, view: BalanceView): number {
  const { kind, scope } = spec;
  const counts = (group: Group) => {
    if (kind === 'evacuate') return group.cluster !== scope.cluster;
    // What a link to it swallows, others still reach.
    return scope.link
      ? true
      : bereft({ ...view, groups: [group] }, spec, group.cluster).groups.length > 0;
  };
  return view.groups.filter(counts).reduce((sum, group) => sum + group.healthy, 0);
}

function notes(
  { kind, scope }: DrillSpec,
  world: PredictionWorld,
  clusters: readonly ClusterPrediction[],
  isMeasured: boolean,
): string[] {
  const said: string[] = [];
  if (kind === 'expire-trust')
    return [
      'Nothing moves: a certificate that has expired is shown to the others, who must refuse it',
    ];
  if (kind === 'lose-registry') return ['Nothing moves: gateways route by what they know'];
  if (!isMeasured) said.push('No traffic was measured: shares are as if every cluster asked alike');
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
  if (scope.service && !world.services().includes(scope.service)) {
    said.push(`Nobody has a copy of ${scope.service}`);
  }
  return said;
}
