/** Owns holding a drill that goes on against its guardrails: by the last few seconds of what every gateway counts. */
import type { ClusterName } from '../../core/names.ts';
import { breaches } from '../../federation/drills/guardrails.ts';
import type { Life } from '../../federation/drills/lifecycle.ts';
import { markAt, rateTo, type Window, windowBetween } from '../../federation/drills/measures.ts';
import type { Breach, Drill } from '../../federation/drills/model.ts';
import type { DriverWorld } from './driver.ts';

const windowMs = 5_000;

/** Guardrails that `drill` breaks at monotonic milliseconds `now`; what happened before its present state is none of its doing. */
export function brokenNow(drill: Drill, life: Life, world: DriverWorld, now: number): Breach[] {
  if (life.kind !== 'pending' && life.kind !== 'running') return [];
  const since = Math.max(life.since, now - windowMs);
  const window = windowBetween(markAt(world.histories, since), markAt(world.histories, now));
  const isRunning = life.kind === 'running';
  const broken = breaches(drill.spec.guardrails, {
    window,
    loads: loadsIn(window, world),
    fewestHealthy: isRunning ? world.fewestHealthy(drill) : undefined,
    elapsedMs: isRunning ? now - life.since : 0,
  });
  // What was forced through is watched for everything but what it was known to break.
  const known = new Set(drill.forced ? drill.prediction.breaks.map((b) => b.guardrail) : []);
  return broken.filter(({ guardrail }) => !known.has(guardrail));
}

/** Of clusters that state a capacity, 1 being all of it. */
function loadsIn(window: Window, world: DriverWorld): Map<string, number> {
  const loads = new Map<string, number>();
  for (const cluster of window.to.keys()) {
    const capacity = world.capacity(cluster as ClusterName);
    if (capacity !== undefined) loads.set(cluster, rateTo(window, cluster) / capacity);
  }
  return loads;
}
