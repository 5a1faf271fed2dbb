/** Owns how long things took in a drill: until it was seen, until traffic had moved, until all was well, until it was back. */

/** What was measured at one moment after the drill began to be in force. */
export interface Point {
  /** Milliseconds since it began. */
  readonly atMs: number;
  /** Part of the answered requests that moved traffic still goes to where it should leave, 0 to 1; absent without traffic. */
  readonly share?: number | undefined;
  readonly errorRate: number;
}

export interface Shift {
  /** The share before. */
  readonly from: number;
  /** The share that is predicted. */
  readonly to: number;
}

/** A shift this small can't be told from chance. */
const leastShift = 0.02;
/** Detected: so much of the way to the predicted share; shifted: so much. */
const detectedPart = 0.1;
const shiftedPart = 0.9;

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

function isToMove({ from, to }: Shift): boolean {
  return Math.abs(from - to) >= leastShift;
}
