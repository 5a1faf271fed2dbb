/** Owns what silence after a PING means: that nothing new should be sent for now, and later that a connection is dead although nothing says so. */

/**
 * A lost segment is sent again after a round trip and this, in milliseconds, the least that systems wait, and then after twice as
 * long each time (RFC 6298 section 5; its one second, section 2.4, is 200 ms on Linux).
 */
const resendMs = 200;
const roundTrips = 4;
/** Losing one segment is no sign of anything: `200 + 2 x round trip` is never more than the larger of this and four round trips. */
const leastSuspectMs = 2 * resendMs;
/** A segment that TCP has sent five times is unanswered this long: 200 + 400 + 800 + 1600 ms. */
const leastDeadMs = 15 * resendMs;
const suspicionsToDeath = 4;
/** For the first answer of all there is no round trip to go by. */
const firstAnswerMs = 2_000;
/** A look this late means that this process stalled: the answer may have been waiting for it. */
const stallMs = 100;

/** Both in milliseconds since the PING. */
interface SilenceLimits {
  /** From then on it is suspect, unless something was heard meanwhile. */
  readonly suspectMs: number;
  /** From then on it is dead, whatever else was heard: the way there may be cut although the way back is not. */
  readonly deadMs: number;
}

/** By the smoothed round trip: `max(400, 4 x rtt)`, and `max(3000, 4 x)` that; 2 s, and no suspicion before, while there is none. */
export function silenceLimits(rttMs: number | undefined): SilenceLimits {
  if (rttMs === undefined) return { suspectMs: firstAnswerMs, deadMs: firstAnswerMs };
  const suspectMs = Math.max(leastSuspectMs, roundTrips * rttMs);
  return { suspectMs, deadMs: Math.max(leastDeadMs, suspicionsToDeath * suspectMs) };
}

/** A PING that is not answered, at one look. */
export interface Unanswered {
  readonly sinceMs: number;
  /** Whether anything else was heard since the look before. */
  readonly isHeard: boolean;
  /** How much later than it was due the look is. */
  readonly lateMs: number;
}

/** What one look at a silent connection says of it. `unclear`: it stays what it was. */
export type Suspicion = 'unclear' | 'suspect' | 'dead';

/** A process that stalled looks once more before it believes anything; one that stalls all the time has twice as long. */
export function suspicionOf(
  { sinceMs, isHeard, lateMs }: Unanswered,
  limits: SilenceLimits,
): Suspicion {
  const hasStalled = lateMs > stallMs;
  if (sinceMs >= limits.deadMs * (hasStalled ? 2 : 1)) return 'dead';
  return isHeard || hasStalled ? 'unclear' : 'suspect';
}

/** How long to wait for the next look, in milliseconds. */
export function nextLookMs(sinceMs: number, { suspectMs, deadMs }: SilenceLimits): number {
  return sinceMs < deadMs ? Math.min(suspectMs, deadMs - sinceMs) : suspectMs;
}
