/** Owns deciding again what was decided: where a service's requests went by what was believed at a moment. */
import { IsthmusError } from '../../../core/errors.ts';
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import type { Policies, PolicyResource } from '../../../policy/effective.ts';
import { resourceOf } from '../../../policy/record.ts';
import { explain } from '../../data/balance/explain.ts';
import type { Scale } from '../../data/balance/scaled.ts';
import { steeringOf } from '../../data/balance/steering.ts';
import type { BalanceView, Caller, Group } from '../../data/balance/types.ts';
import { usableFrom, viewFromHere } from '../../data/balance/view.ts';
import type { WrittenPolicies } from '../policies/written-policies.ts';
import type { ClusterFact, PolicyFact, ServiceFact, ShiftsFact } from './facts.ts';
import type { Past } from './past.ts';

/** What is not of the past in a decision that is made again: who asks, and the policies, those of the configuration among them. */
export interface ReplayedParts {
  readonly caller: Caller;
  readonly policies: Policies;
  readonly writtenPolicies: Pick<WrittenPolicies, 'resources'>;
}

/** What is imagined beside what was believed. */
interface Imagined {
  readonly without: ReadonlySet<ClusterName>;
  readonly scale: Scale;
}

/** The caller is of this gateway's cluster. Throws SERVICE_NOT_FOUND. */
export function replay(
  { caller, policies: today, writtenPolicies }: ReplayedParts,
  service: ServiceName,
  past: Past,
  imagined: Imagined,
) {
  const fact = past.facts.get(`service/${service}`) as ServiceFact | undefined;
  if (fact === undefined) {
    throw new IsthmusError('SERVICE_NOT_FOUND', {
      what: `Nobody was known to have a service ${service} then`,
    });
  }
  const policies = today.with({
    set: writtenIn(past.facts),
    removed: writtenPolicies.resources.map(({ name }) => name),
  });
  const asked = { service, client: caller.cluster, where: caller.cluster };
  const { balance } = policies.traffic(asked);
  const { neverTo } = policies.defaults(asked);
  const view = viewThen(fact, service, caller, past.facts, neverTo);
  const explained = explain(view, caller, balance, undefined, imagined);
  return { ...explained, notes: notesOn(past) };
}

function viewThen(
  { own, exports }: ServiceFact,
  service: ServiceName,
  caller: Caller,
  facts: Past['facts'],
  neverTo: readonly ClusterName[] | undefined,
): BalanceView {
  const summaries = new Map(
    Object.entries(exports) as [ClusterName, ServiceFact['exports'][ClusterName]][],
  );
  const clusterOf = (name: ClusterName) => facts.get(`cluster/${name}`) as ClusterFact | undefined;
  const clusters = new Map(
    Array.from(summaries.keys(), (name) => {
      const { region, confirmed } = clusterOf(name) ?? {};
      const record = region === undefined ? {} : { record: { region } };
      return [name, { ...record, ...(confirmed && { synced: true }) }] as const;
    }),
  );
  const usable = usableFrom(caller.cluster, summaries, neverTo);
  const links = (name: ClusterName) => ({ state: clusterOf(name)?.link ?? ('none' as const) });
  const view = viewFromHere(service, caller.cluster, [], usable, clusters, links);
  const groups = own.map((zone): Group => ({ cluster: caller.cluster, ...zone }));
  const { shifts = [] } = (facts.get('shifts') ?? {}) as Partial<ShiftsFact>;
  return { ...view, groups: [...groups, ...view.groups], steering: steeringOf(shifts, service) };
}

/** A policy of a kind, or with a spec, that this version does not take was believed by another version. */
function writtenIn(facts: Past['facts']): PolicyResource[] {
  return [...facts].flatMap(([name, fact]) => {
    if (!name.startsWith('policy/')) return [];
    const { scope, ...record } = fact as PolicyFact;
    return resourceOf(name, record, scope) ?? [];
  });
}

function notesOn({ at, revision, restartedAt }: Past): string[] {
  const notes = [
    `By what was believed at ${new Date(at).toISOString()}, at revision ${revision}; ejections, round trips and ramps, and the policies of the configuration as it was, are not known`,
  ];
  if (restartedAt === undefined) return notes;
  const again = new Date(restartedAt).toISOString();
  return [
    ...notes,
    `The gateway was started again at ${again}: whether it ran until then is not known`,
  ];
}
