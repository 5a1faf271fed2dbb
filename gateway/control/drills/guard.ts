/** Owns holding a drill against its guardrails: by its prediction before it starts, then by the last few seconds of what every gateway counts, longer ago where that is little. */
import { IsthmusError } from '../../../core/errors.ts';
import type { ClusterName } from '../../../core/names.ts';
import {
  breaches,
  fewestRequests,
  isBroken,
  limitOf,
} from '../../../federation/drills/guardrails.ts';
import type { Life } from '../../../federation/drills/lifecycle.ts';
import {
  type Concern,
  markAt,
  rateTo,
  type Window,
  windowBetween,
} from '../../../federation/drills/measures.ts';
import type { Breach, Drill, Prediction } from '../../../federation/drills/model.ts';
import { type DrillSpec, guardrailsOf } from '../../../federation/drills/spec.ts';
import type { Here } from './account.ts';
import { fewestHealthyLeft } from './predict.ts';

/** Back so far, and twice as far as often as it takes to find requests enough. */
const windowMs = 5_000;

/** A drill starts within its guardrails, or forced, with another limit in the place of each it breaks. Throws DRILL_UNSAFE, or BODY_INVALID for limits that would not hold. */
export function assertGuarded(
  { overrides }: Pick<DrillSpec, 'overrides'>,
  { breaks }: Pick<Prediction, 'breaks'>,
  force: boolean,
): void {
  if (overrides && !force) {
    throw new IsthmusError('BODY_INVALID', {
      what: 'Limits in the place of guardrails hold only for a drill that is forced',
      where: 'overrides',
      fix: 'Change the guardrails themselves, or start it with --force (`?force=true`).',
    });
  }
  for (const { guardrail, what, value } of breaks) {
    if (!force) {
      throw new IsthmusError('DRILL_UNSAFE', {
        what: `The drill would break its guardrail ${guardrail}: ${what}`,
        where: `guardrails.${guardrail}`,
      });
    }
    const limit = guardrail === 'timeLimit' ? undefined : overrides?.[guardrail];
    if (limit === undefined) {
      throw new IsthmusError('DRILL_UNSAFE', {
        what: `The drill is forced through its guardrail ${guardrail} (${what}), and nothing would stop it in its place`,
        where: `overrides.${guardrail}`,
      });
    }
    if (isBroken(guardrail, value, limitOf(limit))) {
      throw new IsthmusError('DRILL_UNSAFE', {
        what: `The drill would break the limit that it is forced with as well, ${guardrail} ${limit}: ${what}`,
        where: `overrides.${guardrail}`,
      });
    }
  }
}

/** Guardrails that `drill` breaks at monotonic milliseconds `now`; what happened before its present state is none of its doing. */
export function brokenNow(
  drill: Drill,
  life: Life,
  { board, sight }: Pick<Here, 'board' | 'sight'>,
  now: number,
): Breach[] {
  if (life.kind !== 'pending' && life.kind !== 'running') return [];
  const until = markAt(board.histories, now);
  const between = (backMs: number, concern?: Concern) => {
    const since = Math.max(life.since, now - backMs);
    return windowBetween(markAt(board.histories, since), until, concern);
  };
  const isRunning = life.kind === 'running';
  return breaches(guardrailsOf(drill), {
    window: enough((backMs) => between(backMs, drill.prediction.concern), now - life.since),
    loads: loadsIn(between(windowMs), sight),
    fewestHealthy: isRunning
      ? fewestHealthyLeft(drill.spec, sight, drill.prediction.concern)
      : undefined,
    elapsedMs: isRunning ? now - life.since : 0,
  });
}

/** The shortest window, back from now, in which there are requests enough to judge by; all of `longestMs` where none has. */
function enough(windowOf: (backMs: number) => Window, longestMs: number): Window {
  let backMs = windowMs;
  let window = windowOf(backMs);
  while (window.requests < fewestRequests && backMs < longestMs) {
    backMs *= 2;
    window = windowOf(backMs);
  }
  return window;
}

/** The loads of clusters that state a capacity, 1 being all of it. */
function loadsIn(window: Window, sight: Here['sight']): Map<string, number> {
  const loads = new Map<string, number>();
  for (const cluster of window.to.keys()) {
    const capacity = sight.capacity(cluster as ClusterName);
    if (capacity !== undefined) loads.set(cluster, rateTo(window, cluster) / capacity);
  }
  return loads;
}
