/** Owns which drills may run beside each other: those that touch nothing in common. */
import type { Drill } from './model.ts';
import type { DrillSpec } from './spec.ts';
import { scopeText } from './words.ts';

/** What a drill touches: every service, one, or none; and whether it needs the registry for itself. */
interface Touch {
  readonly services: 'all' | 'none' | { readonly one: string };
  readonly registry: boolean;
}

/** A drill on a cluster, zone or link touches every service: traffic of any may move because of it. */
function touchOf({ kind, scope }: DrillSpec): Touch {
  if (kind === 'expire-trust') return { services: 'none', registry: false };
  if (kind === 'lose-registry') return { services: 'all', registry: true };
  return { services: scope.service ? { one: scope.service } : 'all', registry: false };
}

/** Why `a` and `b` can't run at the same time; undefined when they can. */
export function conflict(a: DrillSpec, b: DrillSpec): string | undefined {
  const [one, other] = [touchOf(a), touchOf(b)];
  if (one.services === 'none' || other.services === 'none') return undefined;
  if (one.registry || other.registry) {
    return 'while the registry is lost on purpose nothing else is tried';
  }
  if (one.services === 'all' || other.services === 'all') {
    return `${scopeText(a.scope)} and ${scopeText(b.scope)} share services`;
  }
  return one.services.one === other.services.one ? `both concern ${one.services.one}` : undefined;
}

/**
 * Why one of `others`, all of which go on, keeps a drill from running: it was there first. Of two that are pending at once, both see
 * each other: the later one, or by name the latter, gives way. One that is in force already does not, whatever clocks say; one that
 * was aborted is in force nowhere, and is in nobody's way, should its driver come back after it was lost.
 */
export function earlierConflict(drill: Drill, others: readonly Drill[]): string | undefined {
  for (const other of others) {
    if (keyOf(other) === keyOf(drill) || other.abortedBy) continue;
    const isFirst = hasBegun(other) || orderOf(other) < orderOf(drill);
    const why = isFirst ? conflict(drill.spec, other.spec) : undefined;
    if (why !== undefined) return `Drill ${other.id} was there first: ${why}`;
  }
  return undefined;
}

function hasBegun({ state }: Drill): boolean {
  return state === 'running' || state === 'reverting';
}

function orderOf(drill: Drill): string {
  return `${String(drill.createdAt).padStart(16, '0')} ${keyOf(drill)}`;
}

function keyOf({ cluster, id }: Drill): string {
  return `${cluster} ${id}`;
}
