/** Owns the report on a drill that is over: from what was measured to what is kept, signed and shown. */
import type { ClusterName } from '../../core/names.ts';
import { compare, lastLike } from './compare.ts';
import {
  type Mark,
  quantileMs,
  rateTo,
  ratio,
  shareOf,
  type Window,
  windowBetween,
} from './measures.ts';
import type { Drill, Moment, Prediction, Report, Traffic } from './model.ts';
import { detectMs, type Point, recoverMs, shiftMs } from './timing.ts';
import { judge } from './verdict.ts';

/** A moment with what the formulas need beside it. */
export interface Measured extends Moment {
  /** Share of the answered requests by cluster, 0 to 1. */
  readonly shares: Readonly<Record<string, number>>;
}

export interface Findings {
  readonly federation: string;
  /** The drill with its timeline and its end; `done` or `aborted`. */
  readonly drill: Drill & { readonly startedAt: number; readonly endedAt: number };
  /** Where counts stood: before the baseline, when it began, when it was in force in full, when it began to revert, when it was gone, now. */
  readonly marks: {
    readonly baseline: Mark;
    readonly started: Mark;
    readonly inForce?: Mark | undefined;
    readonly reverting: Mark;
    readonly gone: Mark;
    readonly end: Mark;
  };
  readonly moments: readonly Measured[];
  /** Milliseconds after it began until it was in force in full at every gateway; undefined when it never was. */
  readonly inForceMs: number | undefined;
  /** Milliseconds the effect took to go. */
  readonly revertMs: number | undefined;
  readonly decisions: Report['decisions'];
  readonly probes?: { readonly made: number; readonly refused: number } | undefined;
  /** Other drills, for the comparison. */
  readonly others: Iterable<Drill>;
}

/** How far back a moment's rates look: over a late sample or two. Milliseconds. */
export const steadyMs = 2_000;

const mostMoments = 300;

export function reportOn(findings: Findings): Report {
  const { drill, marks, moments, inForceMs, revertMs, decisions, probes } = findings;
  const { prediction, spec } = drill;
  const before = windowBetween(marks.baseline, marks.started);
  const during = trafficOf(windowBetween(marks.started, marks.gone));
  const settled = windowBetween(marks.inForce ?? marks.started, marks.reverting);
  const timing = timingOf(findings, before);
  const report: Report = {
    id: drill.id,
    federation: findings.federation,
    spec,
    forced: drill.forced,
    driver: drill.driver,
    state: drill.abortedBy ? 'aborted' : 'done',
    ...(drill.abortedBy && { abortedBy: drill.abortedBy }),
    startedAt: drill.startedAt,
    endedAt: drill.endedAt,
    prediction,
    before: trafficOf(before),
    during,
    after: trafficOf(windowBetween(marks.gone, marks.end)),
    timing: {
      ...given('inForceMs', inForceMs),
      ...given('detectMs', timing.detect),
      ...given('shiftMs', timing.shift),
      ...given('recoverMs', timing.recover),
      ...given('revertMs', revertMs),
    },
    load: loadOf(prediction, before, settled),
    decisions,
    moments: thinned(moments),
    verdict: judge(spec.objectives, {
      abortedBy: drill.abortedBy,
      during,
      recoverMs: timing.recover,
      probes,
    }),
    timeline: drill.timeline,
  };
  const earlier = lastLike(report, findings.others);
  return earlier ? { ...report, comparison: compare(report, earlier) } : report;
}

/** The cluster that loses the greatest share by the prediction, if any does. */
export function leaving(prediction: Prediction): ClusterName | undefined {
  const lost = prediction.clusters.map(({ shareBefore, shareAfter }) => shareBefore - shareAfter);
  const most = Math.max(0, ...lost);
  return most > 0 ? prediction.clusters[lost.indexOf(most)]?.cluster : undefined;
}

function timingOf({ drill, moments, inForceMs }: Findings, before: Window) {
  const { prediction, spec } = drill;
  const cluster = leaving(prediction);
  const predicted = prediction.clusters.find((one) => one.cluster === cluster);
  const from = cluster === undefined ? undefined : shareOf(before, cluster);
  const points = moments
    .filter(({ atMs, inForce }) => atMs >= 0 && inForce > 0)
    .map(
      ({ atMs, errorRate, shares }): Point => ({
        atMs,
        errorRate,
        share: cluster === undefined ? undefined : shares[cluster],
      }),
    );
  const shift = { from: from ?? predicted?.shareBefore ?? 0, to: predicted?.shareAfter ?? 0 };
  // What comes back by the ramp is not taken for traffic that never left.
  const shiftedAt = shiftMs(untilReverting(points, moments), shift);
  return {
    detect: detectMs(points, shift),
    shift: shiftedAt,
    recover:
      points.length === 0
        ? undefined
        : recoverMs(points, inForceMs ?? 0, spec.objectives.errorBudget, shiftedAt),
  };
}

/** Points up to the last moment at which the drill was in force in full; all of them when it never was. */
function untilReverting(points: readonly Point[], moments: readonly Measured[]): readonly Point[] {
  const last = moments.findLast(({ inForce }) => inForce >= 1)?.atMs;
  return last === undefined ? points : points.filter(({ atMs }) => atMs <= last);
}

function trafficOf(window: Window): Traffic {
  const { seconds, requests, failed } = window;
  return {
    seconds,
    requests,
    errors: failed,
    errorRate: ratio(failed, requests),
    requestsPerSecond: ratio(requests, seconds),
    ...given('p50Ms', quantileMs(window, 0.5)),
    ...given('p99Ms', quantileMs(window, 0.99)),
  };
}

/**
 * One moment of a drill, from what happened since the moment before. Rates are of `steady`, a longer window with the same
 * end: samples that come a moment late would look like requests that stopped.
 */
export function momentOf(
  window: Window,
  steady: Window,
  { atMs, inForce }: Pick<Moment, 'atMs' | 'inForce'>,
): Measured {
  const { requests, failed, to } = window;
  const clusters = [...steady.rates.keys()].sort();
  return {
    atMs: Math.round(atMs),
    inForce,
    requestsPerSecond: ratio(steady.requests, steady.seconds),
    errorRate: ratio(failed, requests),
    ...given('p99Ms', quantileMs(window, 0.99)),
    clusters: Object.fromEntries(clusters.map((cluster) => [cluster, rateTo(steady, cluster)])),
    shares: Object.fromEntries(
      [...to.keys()].flatMap((cluster) => {
        const share = shareOf(window, cluster);
        return share === undefined ? [] : [[cluster, share] as const];
      }),
    ),
  };
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

/** At most 300 moments, evenly picked, the last one among them. */
function thinned(moments: readonly Measured[]): Moment[] {
  const every = Math.ceil(moments.length / mostMoments);
  return moments
    .filter((_, i) => (moments.length - 1 - i) % Math.max(1, every) === 0)
    .map(({ shares: _, ...moment }) => moment);
}

function given<K extends string>(name: K, value: number | undefined): Partial<Record<K, number>> {
  return value === undefined ? {} : ({ [name]: value } as Record<K, number>);
}
