/** Owns a drill moment by moment: who answered how much, what failed and how far it was in force, from what every gateway has counted. */
import {
  type Concern,
  type History,
  type Mark,
  markAt,
  quantileMs,
  rateTo,
  ratio,
  windowBetween,
} from './measures.ts';
import type { Drill, Moment } from './model.ts';

/** A moment with what the formulas need beside it. */
export interface Measured extends Moment {
  /** Share of the answered requests by cluster, 0 to 1. */
  readonly shares: Readonly<Record<string, number>>;
}

type Histories = ReadonlyMap<string, History>;

/** How far back a moment's rates look: over a late sample or two, which would look like requests that stopped. Milliseconds. */
const steadyMs = 2_000;
/** Between the moments of a drill that goes on. */
const stepMs = 1_000;
const mostMoments = 300;

/** The moment from `before` until monotonic milliseconds `at`. */
export function momentAt(
  histories: Histories,
  at: number,
  before: Mark,
  concern: Concern,
  { atMs, inForce }: Pick<Moment, 'atMs' | 'inForce'>,
): Measured {
  const mark = markAt(histories, at);
  const window = windowBetween(before, mark, concern);
  const steady = windowBetween(markAt(histories, at - steadyMs), mark, concern);
  const p99Ms = quantileMs(window, 0.99);
  const answered = [...window.to.values()].reduce((sum, n) => sum + n, 0);
  const clusters = [...steady.rates.keys()].sort();
  return {
    atMs: Math.round(atMs),
    inForce,
    requestsPerSecond: steady.perSecond,
    errorRate: ratio(window.failed, window.requests),
    ...(p99Ms !== undefined && { p99Ms }),
    clusters: Object.fromEntries(clusters.map((cluster) => [cluster, rateTo(steady, cluster)])),
    shares: Object.fromEntries(
      answered === 0 ? [] : [...window.to].map(([cluster, n]) => [cluster, n / answered]),
    ),
  };
}

/**
 * Moments of a drill from `from` to `until`, both monotonic milliseconds, as far back as counts are kept. `startedAt`: when
 * it began to be in force, by the same clock; their times count from there.
 */
export function momentsSeen(
  histories: Histories,
  { id, prediction: { concern } }: Pick<Drill, 'id' | 'prediction'>,
  times: { readonly from: number; readonly until: number; readonly startedAt: number },
): Moment[] {
  const known = [...histories.values()].flatMap((history) => history[0]?.at ?? []);
  const first = Math.max(times.from, Math.min(...known));
  const moments: Measured[] = [];
  for (let at = first + stepMs; at <= times.until; at += stepMs) {
    const inForce = furthest(markAt(histories, at), id);
    const before = markAt(histories, at - stepMs);
    const atMs = at - times.startedAt;
    moments.push(momentAt(histories, at, before, concern, { atMs, inForce }));
  }
  return moments.map(shown);
}

/** At most 300 moments, evenly picked, the last one among them. */
export function thinned(moments: readonly Measured[]): Moment[] {
  const every = Math.max(1, Math.ceil(moments.length / mostMoments));
  return moments.filter((_, i) => (moments.length - 1 - i) % every === 0).map(shown);
}

function shown({ shares: _, ...moment }: Measured): Moment {
  return moment;
}

/** How far a drill is in force where it is furthest. */
function furthest(mark: Mark, drill: string): number {
  const strengths = [...mark.values()].map(
    ({ measure }) => measure.following.find((one) => one.drill === drill)?.inForce ?? 0,
  );
  return Math.max(0, ...strengths);
}
