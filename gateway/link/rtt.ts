/** Owns what a link knows of its round trip: a smoothed estimate, and how long silence may last before it means death. */

/** Weight of a sample above the estimate (RFC 6298 section 2.3): a busy moment is not a longer way. */
const gainUp = 1 / 8;
/** Weight of a sample below it: nothing can answer faster than the way allows. */
const gainDown = 1 / 2;
/** On the shortest links a busy machine still answers within this. */
const shortestTimeoutMs = 700;
const roundTripsPerTimeout = 4;

/** The estimate after one more sample. Both in milliseconds. */
export function smoothed(estimate: number | undefined, sample: number): number {
  if (estimate === undefined) return sample;
  return estimate + (sample > estimate ? gainUp : gainDown) * (sample - estimate);
}

/** How long to wait for the answer to a PING, in milliseconds: `max(700, 4 x estimate)`, 2 s while there is none. */
export function pingTimeout(estimate: number | undefined): number {
  return estimate === undefined
    ? 2_000
    : Math.max(shortestTimeoutMs, roundTripsPerTimeout * estimate);
}

/** Whether a change of the estimate is worth telling anybody: over 20 % and over a millisecond. */
export function movedNotably(told: number | undefined, now: number | undefined): boolean {
  if (told === undefined || now === undefined) return told !== now;
  return Math.abs(now - told) > Math.max(1, 0.2 * told);
}
