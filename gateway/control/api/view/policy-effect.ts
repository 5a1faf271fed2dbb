/** Owns what writing policies would make of the requests of the last minutes: those that workers remember are asked about twice, by the policies in force and by those that would be. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../../../core/clock.ts';
import { IsthmusError } from '../../../../core/errors.ts';
import type { ClusterName, ServiceName } from '../../../../core/names.ts';
import type { Policies, PolicyResource } from '../../../../policy/effective.ts';
import { decide } from '../../../data/balance/decide.ts';
import type { End } from '../../../data/explain/replay/fate.ts';
import { Replay, type Share } from '../../../data/explain/replay/replay.ts';
import { Tally } from '../../../data/explain/replay/tally.ts';
import { TrustedProxies } from '../../../data/message/trusted-proxies.ts';
import type { SampledRequest } from '../../../data/observe/sampling/sampled-request.ts';
import type { ServicePart } from '../../../data/worker/service-part.ts';
import { proxiesOf } from '../../config/data-side-settings.ts';
import { graph } from '../../graph/graph.ts';
import type { WrittenPolicies } from '../../policies/written-policies.ts';
import type { Workers } from '../../workers/workers.ts';
import type { TrafficSource } from '../operations/traffic.ts';
import type { EffectQuestion, PolicyEffect } from '../schema/policy-effect.ts';
import { sourceTold } from './decision-source.ts';
import { ingressesOf, placeAt } from './explained-facts.ts';
import type { ExplainedParts } from './explanation.ts';
import { type JudgingParts, judge } from './judged-policies.ts';

/** The parts of a gateway that effects are told by. */
export interface EffectParts extends ExplainedParts, JudgingParts {
  readonly config: ExplainedParts['config'];
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly workers: Pick<Workers, 'balancerState' | 'links' | 'sampled'>;
  readonly writtenPolicies: Pick<WrittenPolicies, 'grants' | 'find'>;
}

/** Most remembered requests that are asked about, and the longest that it may take: the control side has more to do. */
const mostAsked = 2_000;
const longestMs = 1_000;
/** Asked about without a pause. */
const atATime = 25;
/** Seconds of counts that the load of clusters is told by. */
const loadSeconds = 60;
/** More changes than this say nothing to a person. */
const mostChanges = 100;

/** What these kinds say is not looked at by the steps of a request's way alone. */
const notReplayed: ReadonlySet<string> = new Set<PolicyResource['kind']>([
  'ServiceDefaults',
  'ServiceExport',
  'Egress',
]);

/** Throws what a document is refused with, or POLICY_NOT_FOUND. */
export async function policyEffect(
  gateway: EffectParts,
  traffic: Pick<TrafficSource, 'view'>,
  question: EffectQuestion,
): Promise<PolicyEffect> {
  const { clock, config, policies, workers } = gateway;
  const [resources, removed] = changeOf(gateway, question);
  const changed = policies.with({ set: resources, removed });
  // What is written as it was stays the same object.
  const would = policies.with(changed.since(policies));
  const [view, sampled] = await Promise.all([traffic.view(), workers.sampled()]);
  const asked = someOf(sampled, mostAsked);
  const tally = await replayed(gateway, asked, would);
  const seconds = Math.max(1, (clock.now() - (asked[0]?.at ?? clock.now())) / 1000);
  const { cluster } = config;
  const { requests } = tally;
  const changes = tally.changes.slice(0, mostChanges).map((change) => ({
    ...change,
    from: toldEnd(cluster, change.from),
    to: toldEnd(cluster, change.to),
    sampled: rounded(change.sampled),
    requests: rounded(change.requests),
    share: Math.min(1, change.requests / requests),
  }));
  const moved = tally.changes.reduce((sum, one) => sum + one.requests, 0);
  return {
    sampled: tally.sampled,
    requests: rounded(requests),
    seconds: rounded(seconds),
    changed: requests === 0 ? 0 : Math.min(1, moved / requests),
    changes,
    clusters: clustersOf(gateway, graph(view, loadSeconds), tally, seconds),
    notes: [
      ...sampleNotes(gateway, asked, tally, seconds),
      ...kindNotes(gateway, question),
      ...view.missing.map(
        (one) => `What clients of ${one} ask for is not known: no gateway of it answers`,
      ),
    ],
  };
}

function changeOf(
  gateway: EffectParts,
  { documents, removed }: EffectQuestion,
): [set: PolicyResource[], removed: string[]] {
  const set = documents.map((document) => {
    const judged = judge(gateway, document);
    if ('problem' in judged) throw judged.problem;
    return judged.resource;
  });
  const names = removed.map((id) => {
    const found = gateway.writtenPolicies.find(id);
    if (found !== undefined) return found.resource.name;
    const { kind, namespace, name } = id;
    throw new IsthmusError('POLICY_NOT_FOUND', {
      what: `There is no ${kind} ${namespace}/${name}`,
    });
  });
  return [set, names];
}

/** Every so many of them, each standing for those that are left out. */
function someOf(sampled: readonly SampledRequest[], most: number): readonly SampledRequest[] {
  const every = Math.ceil(sampled.length / most);
  if (every <= 1) return sampled;
  return sampled
    .filter((_, i) => i % every === 0)
    .map((one) => ({ ...one, standsFor: one.standsFor * every }));
}

async function replayed(
  gateway: EffectParts,
  sampled: readonly SampledRequest[],
  would: Policies,
): Promise<Tally> {
  const { clock, policies } = gateway;
  const until = clock.monotonic() + longestMs;
  const [now, then] = [replayBy(gateway, policies), replayBy(gateway, would)];
  const tally = new Tally();
  try {
    for (const [i, one] of sampled.entries()) {
      if (i % atATime === 0) {
        await turn();
        if (clock.monotonic() > until) break;
      }
      tally.add(one.standsFor, await now.fateOf(one), await then.fateOf(one));
    }
  } finally {
    now.close();
    then.close();
  }
  return tally;
}

function replayBy(gateway: EffectParts, policies: Policies): Replay {
  const { caller, config } = gateway;
  return new Replay({
    place: placeAt(gateway, caller, policies),
    ingresses: ingressesOf(gateway),
    proxies: new TrustedProxies(proxiesOf(config)),
    balance: (service, part) => sharesOf(gateway, policies, service, part),
  });
}

/** As a balancer decides that has learnt nothing: what it has, it learns anew where load moves. */
function sharesOf(
  { caller, services }: EffectParts,
  policies: Policies,
  service: ServiceName,
  part: ServicePart,
): readonly Share[] {
  const { cluster } = caller;
  const { balance } = policies.traffic({ service, client: cluster, where: cluster });
  const { tiers } = decide(services.balanceView(service, part), caller, balance);
  const shares = new Map<ClusterName, number>();
  for (const tier of tiers) {
    const load = (tier.healthyLoad + tier.degradedLoad) / 100;
    if (load > 0) shares.set(tier.cluster, (shares.get(tier.cluster) ?? 0) + load);
  }
  return [...shares].map(([of, share]) => ({ cluster: of, share }));
}

/** `counted`: what all gateways ask of each cluster; the policies move what this one asks. */
function clustersOf(
  { snapshot }: EffectParts,
  { nodes, edges }: ReturnType<typeof graph>,
  tally: Tally,
  seconds: number,
): PolicyEffect['clusters'] {
  const clusterOf = new Map(nodes.map(({ id, cluster }) => [id, cluster]));
  const counted = new Map<string, number>();
  for (const { to, requestsPerSecond } of edges) {
    const cluster = clusterOf.get(to) ?? '';
    counted.set(cluster, (counted.get(cluster) ?? 0) + requestsPerSecond);
  }
  const moved = tally.clusters;
  return [...new Set([...counted.keys(), ...moved.keys()])].sort().map((cluster) => {
    const own = moved.get(cluster) ?? { before: 0, after: 0 };
    // What was counted is told some seconds later.
    const now = Math.max(counted.get(cluster) ?? 0, own.before / seconds);
    const capacity = snapshot.clusters.get(cluster as ClusterName)?.record?.capacity;
    return {
      ...{ cluster, before: rounded(now) },
      after: rounded(Math.max(0, now + (own.after - own.before) / seconds)),
      ...(capacity !== undefined && { capacity }),
    };
  });
}

function sampleNotes(
  { config, snapshot }: EffectParts,
  asked: readonly SampledRequest[],
  tally: Tally,
  seconds: number,
): string[] {
  if (config.sampling.perMinute === 0) {
    return ['This gateway remembers no requests: `sampling.perMinute` is 0'];
  }
  if (asked.length === 0) return ['Nobody has asked this gateway for anything in the last minutes'];
  const most = Math.round(Math.max(...asked.map(({ standsFor }) => standsFor)));
  const left = asked.length - tally.sampled;
  const siblings = (snapshot.clusters.get(config.cluster)?.gateways.size ?? 1) - 1;
  return [
    ...(most > 1
      ? [
          `Of many requests some are remembered: one stands for up to ${most}. Figures are estimates`,
        ]
      : []),
    ...(left > 0
      ? [`${left} more are remembered, and were not looked at within ${longestMs} ms`]
      : []),
    ...(siblings > 0
      ? [`Looked at are the requests of this gateway; ${config.cluster} has ${siblings} more`]
      : []),
    ...(seconds < loadSeconds ? [`They are of ${Math.round(seconds)} s`] : []),
  ];
}

function kindNotes({ config }: EffectParts, { documents, removed }: EffectQuestion): string[] {
  const all = [...documents, ...removed];
  const kinds = [...new Set(all.map(({ kind }) => kind).filter((kind) => notReplayed.has(kind)))];
  const isForAll = all.some(({ scope }) => scope === 'federation');
  return [
    ...(kinds.length > 0
      ? [`What ${kinds.join(', ')} would change is not among these figures`]
      : []),
    ...(isForAll
      ? [
          `What policies of the federation would change at other clusters than ${config.cluster} is not known here`,
        ]
      : []),
  ];
}

function toldEnd(cluster: ClusterName, { kind, says, policy, rule, code }: End) {
  return {
    ...{ kind, says },
    ...(policy !== undefined && sourceTold(cluster, policy)),
    ...(rule !== undefined && { rule }),
    ...(code !== undefined && { code }),
  };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
