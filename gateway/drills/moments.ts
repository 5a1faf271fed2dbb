/** Owns a drill as it is seen while it goes on: who answered how much, second by second, from what every gateway tells. */
import {
  type History,
  type Mark,
  markAt,
  windowBetween,
} from '../../federation/drills/measures.ts';
import type { Moment } from '../../federation/drills/model.ts';
import { momentOf, steadyMs } from '../../federation/drills/report.ts';

const stepMs = 1_000;

/**
 * Moments of a drill from `from` to `until`, both monotonic milliseconds, as far back as counts are kept. `startedAt`: when
 * it began to be in force, by the same clock; their times count from there.
 */
export function momentsSeen(
  histories: ReadonlyMap<string, History>,
  drill: string,
  times: { readonly from: number; readonly until: number; readonly startedAt: number },
): Moment[] {
  const known = [...histories.values()].flatMap((history) => history[0]?.at ?? []);
  const first = Math.max(times.from, Math.min(...known));
  const moments: Moment[] = [];
  let before = markAt(histories, first);
  for (let at = first + stepMs; at <= times.until; at += stepMs) {
    const mark = markAt(histories, at);
    const atMs = at - times.startedAt;
    const steady = windowBetween(markAt(histories, at - steadyMs), mark);
    const { shares: _, ...moment } = momentOf(windowBetween(before, mark), steady, {
      atMs,
      inForce: furthest(mark, drill),
    });
    moments.push(moment);
    before = mark;
  }
  return moments;
}

/** How far a drill is in force where it is furthest. */
function furthest(mark: Mark, drill: string): number {
  const strengths = [...mark.values()].map(
    ({ measure }) => measure.following.find((one) => one.drill === drill)?.inForce ?? 0,
  );
  return Math.max(0, ...strengths);
}
