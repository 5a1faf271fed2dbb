/** Owns tidying up after drills of this cluster: those that nobody drives any more are closed, and the oldest forgotten. */

import { msOf } from '../../../core/duration.ts';
import type { ClusterName } from '../../../core/names.ts';
import { type Drill, isOver, type Report } from '../../../federation/drills/model.ts';
import type { AbortRecord, WitnessRecord } from '../../../federation/drills/records.ts';
import { driverLost } from './account.ts';

/** Drills that are over and kept, of this cluster. */
const keptDrills = 50;

export interface Untidy {
  readonly self: ClusterName;
  readonly gateway: string;
  /** Whether this gateway does what one of its cluster's has to. */
  readonly isLeader: boolean;
  readonly drills: readonly Drill[];
  readonly aborts: readonly AbortRecord[];
  /** Reports of clusters on drills of others. */
  readonly reports: readonly Pick<WitnessRecord, 'cluster' | 'of' | 'id' | 'report'>[];
  /** Whether a drill may go on at any gateway. */
  isHeld(drill: Drill): boolean;
  /** Whether this gateway says itself how a drill ended, or has said so and the registry has not told it yet. */
  tellsEnd(drill: Drill): boolean;
  /** Wall milliseconds. */
  readonly now: number;
}

interface Tidied {
  /** To be written: how a drill ended whose driver died before it could say so. */
  readonly closed: readonly Drill[];
  /** Drills that are forgotten, aborts that have been heeded, and reports on drills that are gone. */
  readonly erased: readonly { readonly kind: 'runs' | 'aborts' | 'reports'; readonly id: string }[];
}

/** A gateway tidies up what it drove itself; the leader what nobody else of its cluster does. */
export function tidying(untidy: Untidy): Tidied {
  const { self, gateway, isLeader, drills, aborts, reports, isHeld, tellsEnd, now } = untidy;
  const own = drills.filter(({ cluster }) => cluster === self);
  const isPending = (id: string) => drills.some((drill) => drill.id === id && isHeld(drill));
  const over = own.filter(({ state }) => isOver(state)).sort((a, b) => b.createdAt - a.createdAt);
  const forgotten = isLeader ? over.slice(keptDrills) : [];
  const heeded = aborts.filter(({ cluster, id }) => cluster === self && !isPending(id));
  const unneeded = reports.filter(({ cluster, of, id }) => {
    return cluster === self && !drills.some((one) => one.cluster === of && one.id === id);
  });
  return {
    closed: own
      .filter((drill) => !isOver(drill.state) && !isHeld(drill) && !tellsEnd(drill))
      .filter(({ driver }) => isLeader || driver.gateway === gateway)
      .map((drill) => orphaned(drill, reportOn(drill, reports)?.endedAt ?? latestEnd(drill, now))),
    erased: [
      ...forgotten.map(({ id }) => ({ kind: 'runs', id }) as const),
      ...heeded.map(({ id }) => ({ kind: 'aborts', id }) as const),
      ...unneeded.map(({ id }) => ({ kind: 'reports', id }) as const),
    ],
  };
}

/** When a drill that nobody saw end was over at the latest: no gateway has it in force for longer than its time limit. */
export function latestEnd({ startedAt, createdAt, spec }: Drill, now: number): number {
  return Math.min(now, (startedAt ?? createdAt) + msOf(spec.guardrails.timeLimit));
}

/** Another cluster's report on a drill, of several the first by name. */
export function reportOn(
  drill: Drill,
  reports: readonly Pick<WitnessRecord, 'cluster' | 'of' | 'id' | 'report'>[],
): Report | undefined {
  return reports
    .filter(({ of, id }) => of === drill.cluster && id === drill.id)
    .sort((a, b) => (a.cluster < b.cluster ? -1 : 1))[0]?.report;
}

function orphaned(drill: Drill, endedAt: number): Drill {
  return {
    ...drill,
    state: 'aborted',
    abortedBy: driverLost,
    endedAt,
    timeline: [
      ...drill.timeline,
      { at: endedAt, kind: 'abort', what: driverLost.what },
      { at: endedAt, kind: 'ended', what: 'It is over: aborted' },
    ],
  };
}
