/** Owns how a gateway's journal words what happens to drills. */
import type { IsthmusError } from '../../../core/errors.ts';
import type { ClusterName } from '../../../core/names.ts';
import type { OverReason } from '../../../federation/drills/following.ts';
import type { Drill } from '../../../federation/drills/model.ts';
import type { ScheduleRecord } from '../../../federation/drills/records.ts';
import { scopeText } from '../../../federation/drills/words.ts';
import type { EventDraft } from '../events/event.ts';

/** This gateway begins to drive a drill. */
export function began(drill: Drill): EventDraft {
  const { id, cluster, spec } = drill;
  return about(drill, 'info', cluster, `Drill ${id} begins: ${spec.kind} ${scopeText(spec.scope)}`);
}

/** A gateway of `self` let go of a drill by itself; undefined when it was told to. */
export function revertedHere(
  drill: Drill,
  why: OverReason,
  self: ClusterName,
): EventDraft | undefined {
  const because = {
    ended: undefined,
    lost: 'its driver, or the registry, is lost',
    deadline: 'its time limit passed',
  }[why];
  if (because === undefined) return undefined;
  return about(drill, 'warning', self, `Drill ${drill.id} was reverted here: ${because}`);
}

/** A drill that this gateway drove is over. */
export function ended(drill: Drill): EventDraft {
  const how = drill.state === 'done' ? (drill.outcome ?? 'done') : drill.state;
  const why = drill.abortedBy?.what ?? drill.refusal;
  const severity = drill.outcome === 'passed' ? 'info' : 'warning';
  const what = `Drill ${drill.id} is over: ${how}${why === undefined ? '' : ` (${why})`}`;
  return about(drill, severity, drill.cluster, what);
}

/** A schedule was due, and could not be kept. */
export function notStarted(
  { cluster, name, schedule }: ScheduleRecord,
  { code, message }: IsthmusError,
): EventDraft {
  const details = { schedule: name, kind: schedule.spec.kind, code };
  const what = `The scheduled drill ${name} was not started: ${message}`;
  return { kind: 'drill', severity: 'warning', cluster, what, details };
}

function about(
  { id, spec, state }: Drill,
  severity: EventDraft['severity'],
  cluster: ClusterName,
  what: string,
): EventDraft {
  const details = { drill: id, kind: spec.kind, scope: spec.scope, state };
  return { kind: 'drill', severity, cluster, what, details };
}
