/** Owns how long things took in a drill, as its moments tell: until it was seen, until traffic had moved, until all was well, until it was back. */
import type { ClusterName } from '../../core/names.ts';
import { shareOf, type Window } from './measures.ts';
import type { Prediction } from './model.ts';
import type { Measured } from './moments.ts';

/** The measurements at one moment after the drill began to be in force. */
export interface Point {
  /** Milliseconds since it began. */
  readonly atMs: number;
  /** Part of the answered requests that moved traffic still goes to where it should leave, 0 to 1; absent without traffic. */
  readonly share?: number | undefined;
  readonly errorRate: number;
}

interface Shift {
  /** The share before. */
  readonly from: number;
  /** The share that is predicted. */
  readonly to: number;
}

/** The load that is to move in a drill. */
export interface Moving {
  /** The cluster that loses the greatest share by the prediction. */
  readonly cluster: ClusterName;
  readonly shift: Shift;
}

/** Milliseconds; undefined where it did not happen, or could not be seen. */
export interface Moved {
  /** Since the drill began to be in force. */
  readonly detectMs?: number | undefined;
  readonly shiftMs?: number | undefined;
  /** Since it began to revert. */
  readonly returnMs?: number | undefined;
}

/** A shift this small can't be told from chance. */
const leastShift = 0.02;
/** Detected: so much of the way to the predicted share; shifted: so much. */
const detectedPart = 0.1;
const shiftedPart = 0.9;
/** Back: no more of the way is left than this, in two points in a row: one alone may be chance. */
const leftPart = 0.1;

/** When the share first moved by a tenth of the predicted way; undefined when it never did or nothing was to move. */
export function detectMs(points: readonly Point[], shift: Shift): number | undefined {
  return points.find((point) => wayOf(point, shift) >= detectedPart)?.atMs;
}

/** When nine tenths of what was to move had moved, and stayed moved until the last point; undefined when that never was. */
export function shiftMs(points: readonly Point[], shift: Shift): number | undefined {
  if (!isToMove(shift)) return undefined;
  const seen = points.filter(({ share }) => share !== undefined);
  const last = seen.findLastIndex((point) => wayOf(point, shift) < shiftedPart);
  return seen[last + 1]?.atMs;
}

/** When what had moved was back where it came from; `points` are those since it began to revert. Undefined when it never was. */
export function returnMs(points: readonly Point[], shift: Shift): number | undefined {
  const seen = points.filter(({ share }) => share !== undefined);
  const isBack = (point: Point | undefined) =>
    point !== undefined && wayOf(point, shift) <= leftPart;
  return seen.find((point, i) => isBack(point) && isBack(seen[i + 1]))?.atMs;
}

/**
 * How long after the effect was in force in full, at `inForceMs`, traffic had moved and no more failed than `errorBudget`;
 * 0 when that was so from the start. `shiftedAtMs`: see `shiftMs`, undefined where nothing was to move. Undefined when it
 * still failed at the end.
 */
export function recoverMs(
  points: readonly Point[],
  inForceMs: number,
  errorBudget: number,
  shiftedAtMs: number | undefined,
): number | undefined {
  const bad = points.findLastIndex(({ errorRate }) => errorRate > errorBudget);
  const well = bad === -1 ? 0 : points[bad + 1]?.atMs;
  if (well === undefined) return undefined;
  return Math.max(0, Math.max(well, shiftedAtMs ?? 0) - inForceMs);
}

/** How much of the predicted way the share has gone: 0 nothing, 1 all of it. */
function wayOf({ share }: Point, shift: Shift): number {
  if (share === undefined || !isToMove(shift)) return 0;
  return (shift.from - share) / (shift.from - shift.to);
}

/** Whether the shift can be told from chance. */
function isToMove({ from, to }: Shift): boolean {
  return Math.abs(from - to) >= leastShift;
}

/** The load that is to move by the prediction, from where it was before; undefined when none is. */
export function movingOf({ clusters }: Prediction, before: Window): Moving | undefined {
  const lost = clusters.map(({ shareBefore, shareAfter }) => shareBefore - shareAfter);
  const most = Math.max(0, ...lost);
  const predicted = most > 0 ? clusters[lost.indexOf(most)] : undefined;
  if (predicted === undefined) return undefined;
  const { cluster, shareBefore, shareAfter } = predicted;
  const shift = { from: shareOf(before, cluster) ?? shareBefore, to: shareAfter };
  return isToMove(shift) ? { cluster, shift } : undefined;
}

/**
 * What the moments so far tell. `revertingMs`: when it began to revert, since it began. The driver's timeline and the report
 * both say this, so that they agree.
 */
export function movedIn(
  moments: readonly Measured[],
  moving: Moving | undefined,
  revertingMs: number | undefined,
): Moved {
  if (moving === undefined) return {};
  const { shift } = moving;
  const points = pointsOf(moments, moving).filter(({ atMs }) => atMs >= 0);
  // What comes back by the ramp is not taken for traffic that never left.
  const there = points.filter(({ atMs }) => atMs <= (revertingMs ?? Infinity));
  const moved = { detectMs: detectMs(there, shift), shiftMs: shiftMs(there, shift) };
  if (moved.detectMs === undefined || revertingMs === undefined) return moved;
  const since = points
    .filter(({ atMs }) => atMs > revertingMs)
    .map((point) => ({ ...point, atMs: Math.round(point.atMs - revertingMs) }));
  return { ...moved, returnMs: returnMs(since, shift) };
}

export function pointsOf(moments: readonly Measured[], moving: Moving | undefined): Point[] {
  return moments.map(({ atMs, errorRate, shares }) => ({
    atMs,
    errorRate,
    share: moving && shares[moving.cluster],
  }));
}
