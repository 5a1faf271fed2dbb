/** Owns the report on a drill that is over: from what was measured to what is kept, signed and shown. */
import { compare, lastLike } from './compare.ts';
import { type Mark, quantileMs, rateTo, ratio, type Window, windowBetween } from './measures.ts';
import type { Drill, Prediction, Report, Traffic } from './model.ts';
import { type Measured, thinned } from './moments.ts';
import { movedIn, movingOf, pointsOf, recoverMs } from './timing.ts';
import { judge } from './verdict.ts';

/**
 * The turns of a drill: every gateway follows, and what is normal is measured from here; it begins to be in force; it is in
 * full, at every gateway; it begins to revert; it is gone.
 */
export type Turn = 'baseline' | 'started' | 'inForce' | 'reverting' | 'gone';

/** When each was, in monotonic milliseconds, and where counts stood. */
export type Turns = Partial<Record<Turn, { readonly at: number; readonly mark: Mark }>>;

export interface Findings {
  readonly federation: string;
  /** The drill with its timeline and its end; `done` or `aborted`. */
  readonly drill: Drill & { readonly startedAt: number; readonly endedAt: number };
  readonly turns: Turns & Required<Pick<Turns, 'baseline' | 'started'>>;
  /** The counts as of now. */
  readonly end: Mark;
  readonly moments: readonly Measured[];
  /** The gateway that reports in place of a driver that did not live to. */
  readonly witness?: Report['witness'];
  readonly decisions: Report['decisions'];
  readonly probes?: { readonly made: number; readonly refused: number } | undefined;
  /** Other drills, for the comparison. */
  readonly others: Iterable<Drill>;
}

export function reportOn(findings: Findings): Report {
  const { drill, turns, end, moments, decisions, probes } = findings;
  const { prediction, spec } = drill;
  const { concern } = prediction;
  const { mark: started } = turns.started;
  const [reverting, gone] = [turns.reverting?.mark ?? end, turns.gone?.mark ?? end];
  const inForceMs = tookMs(turns, 'started', 'inForce');
  const before = windowBetween(turns.baseline.mark, started, concern);
  const during = trafficOf(windowBetween(started, gone, concern));
  const settled = windowBetween(turns.inForce?.mark ?? started, reverting, concern);
  const moving = movingOf(prediction, before);
  const moved = movedIn(moments, moving, tookMs(turns, 'started', 'reverting'));
  const inEffect = moments.filter(({ atMs, inForce }) => atMs >= 0 && inForce > 0);
  const recovered =
    inEffect.length === 0
      ? undefined
      : recoverMs(
          pointsOf(inEffect, moving),
          inForceMs ?? 0,
          spec.objectives.errorBudget,
          moved.shiftMs,
        );
  const report: Report = {
    id: drill.id,
    federation: findings.federation,
    spec,
    forced: drill.forced,
    driver: drill.driver,
    ...(findings.witness && { witness: findings.witness }),
    state: drill.abortedBy ? 'aborted' : 'done',
    ...(drill.abortedBy && { abortedBy: drill.abortedBy }),
    startedAt: drill.startedAt,
    endedAt: drill.endedAt,
    prediction,
    before: trafficOf(before),
    during,
    after: trafficOf(windowBetween(gone, end, concern)),
    timing: {
      ...given('inForceMs', inForceMs),
      ...given('detectMs', moved.detectMs),
      ...given('shiftMs', moved.shiftMs),
      ...given('recoverMs', recovered),
      ...given('goneMs', tookMs(turns, 'reverting', 'gone')),
      ...given('revertMs', moved.returnMs),
    },
    load: loadOf(prediction, before, settled),
    decisions,
    moments: thinned(moments),
    verdict: judge(spec.objectives, {
      abortedBy: drill.abortedBy,
      during,
      recoverMs: recovered,
      probes,
    }),
    timeline: drill.timeline,
  };
  const earlier = lastLike(report, findings.others);
  return earlier ? { ...report, comparison: compare(report, earlier) } : report;
}

function trafficOf(window: Window): Traffic {
  const { seconds, requests, perSecond, failed } = window;
  return {
    seconds,
    requests,
    errors: failed,
    errorRate: ratio(failed, requests),
    requestsPerSecond: perSecond,
    ...given('p50Ms', quantileMs(window, 0.5)),
    ...given('p99Ms', quantileMs(window, 0.99)),
  };
}

/** Milliseconds from one turn to another; undefined where either was not. */
export function tookMs(turns: Turns, from: Turn, until: Turn): number | undefined {
  const [begin, end] = [turns[from], turns[until]];
  return begin && end && Math.round(end.at - begin.at);
}

function loadOf(prediction: Prediction, before: Window, settled: Window): Report['load'] {
  return prediction.clusters.map(({ cluster, after, capacity }) => ({
    cluster,
    before: rateTo(before, cluster),
    predicted: after,
    measured: rateTo(settled, cluster),
    ...given('capacity', capacity),
  }));
}

function given<K extends string>(name: K, value: number | undefined): Partial<Record<K, number>> {
  return value === undefined ? {} : ({ [name]: value } as Record<K, number>);
}
