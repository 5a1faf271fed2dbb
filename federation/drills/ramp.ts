/** Owns how an effect comes and goes: in a straight line, from nothing to all of it and back. */

/** How far an effect is in force, 0 to 1, `elapsedMs` after it began to come; with no ramp at once. */
export function rampUp(elapsedMs: number, rampMs: number): number {
  if (elapsedMs < 0) return 0;
  return rampMs <= 0 ? 1 : Math.min(1, elapsedMs / rampMs);
}

/** How far an effect that was in force by `from` still is, `elapsedMs` after it began to go, at the pace it came. */
export function rampDown(elapsedMs: number, rampMs: number, from: number): number {
  return Math.max(0, from - rampUp(elapsedMs, rampMs));
}
