/** Owns tidying up after drills of this cluster: those that nobody drives any more are closed, and the oldest forgotten. */
import type { ClusterName } from '../../core/names.ts';
import { type Drill, isOver } from '../../federation/drills/model.ts';
import type { AbortRecord } from '../../federation/drills/records.ts';

/** Drills that are over and kept, of this cluster. */
const keptDrills = 50;

export interface Untidy {
  readonly self: ClusterName;
  readonly gateway: string;
  /** Whether this gateway does what one of its cluster's has to. */
  readonly isLeader: boolean;
  readonly drills: readonly Drill[];
  readonly aborts: readonly AbortRecord[];
  /** Whether a drill goes on. */
  isAlive(drill: Drill): boolean;
  /** Wall milliseconds. */
  readonly now: number;
}

export interface Tidied {
  /** To be written: how a drill ended whose driver died before it could say so. */
  readonly closed: readonly Drill[];
  /** To be deleted. */
  readonly forgotten: readonly Drill[];
  /** Ids of drills whose abort has been heeded. */
  readonly heeded: readonly string[];
}

/** A gateway tidies up what it drove itself; the leader what nobody else of its cluster does. */
export function tidied({ self, gateway, isLeader, drills, aborts, isAlive, now }: Untidy): Tidied {
  const own = drills.filter(({ cluster }) => cluster === self);
  const isPending = (id: string) => drills.some((drill) => drill.id === id && isAlive(drill));
  const over = own.filter(({ state }) => isOver(state)).sort((a, b) => b.createdAt - a.createdAt);
  return {
    closed: own
      .filter((drill) => !isOver(drill.state) && !isAlive(drill))
      .filter(({ driver }) => isLeader || driver.gateway === gateway)
      .map((drill) => orphaned(drill, now)),
    forgotten: isLeader ? over.slice(keptDrills) : [],
    heeded: aborts
      .filter(({ cluster, id }) => cluster === self && !isPending(id))
      .map(({ id }) => id),
  };
}

function orphaned(drill: Drill, now: number): Drill {
  const abortedBy = {
    kind: 'driver-lost',
    what: 'Its driver was lost; every gateway reverted by itself',
  } as const;
  return {
    ...drill,
    state: 'aborted',
    abortedBy,
    endedAt: now,
    timeline: [
      ...drill.timeline,
      { at: now, kind: 'abort', what: abortedBy.what },
      { at: now, kind: 'ended', what: 'It is over: aborted' },
    ],
  };
}
