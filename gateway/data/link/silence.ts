/** Owns what silence after a PING means: that nothing new should be sent for now, and later that a connection is dead although nothing says so. */

/**
 * A lost segment is sent again after a round trip and this, in milliseconds, the least that systems wait, and then after twice as
 * long each time (RFC 6298 section 5; its one second, section 2.4, is 200 ms on Linux).
 */
const resendMs = 200;
const roundTrips = 4;
/** An answer that took longer than that shows that the line loses, or is longer than it was: the next may take as long again. */
const slowestAnswers = 2;
/** Suspicion waits no longer than this for a line that has answered slowly, lest a datacenter that vanishes is asked on. */
const mostForSlownessMs = 1_000;
/** Between suspicion and offering what was sent to others a segment that was lost twice is there, on a line known to lose three times. */
const suspicionsToOffer = 2;
const slowestToOffer = 4;
/** Losing one segment is no sign of anything: `200 + 2 x round trip` is never more than the larger of this and four round trips. */
const leastSuspectMs = 2 * resendMs;
/** A segment that TCP has sent five times is unanswered this long: 200 + 400 + 800 + 1600 ms. */
const leastDeadMs = 15 * resendMs;
const suspicionsToDeath = 4;
/** For the first answer of all there is no round trip to go by. */
const firstAnswerMs = 2_000;
/** A look this late means that this process stalled: the answer may have been waiting for it. */
const stallMs = 100;

/** All in milliseconds since the PING. */
interface SilenceLimits {
  /** From then on it is suspect, unless something was heard meanwhile: nothing new is sent that can go elsewhere. */
  readonly suspectMs: number;
  /** From then on what was sent may go elsewhere as well, which has it done twice where the line was only slow. */
  readonly offerMs: number;
  /** From then on it is dead, whatever else was heard: the way there may be cut although the way back is not. */
  readonly deadMs: number;
}

/**
 * By the smoothed round trip and the slowest of the last answers, 0 where it is not known: suspect after
 * `max(400, 4 x rtt, min(1000, 2 x slowest))`, offered after `max(800, 8 x rtt, 4 x slowest)`, dead after `max(3000, 16 x rtt)`. 2 s, and
 * nothing before, while there was no answer.
 */
export function silenceLimits(rttMs: number | undefined, slowestMs = 0): SilenceLimits {
  if (rttMs === undefined) {
    return { suspectMs: firstAnswerMs, offerMs: firstAnswerMs, deadMs: firstAnswerMs };
  }
  const byRttMs = Math.max(leastSuspectMs, roundTrips * rttMs);
  const suspectMs = Math.max(byRttMs, Math.min(mostForSlownessMs, slowestAnswers * slowestMs));
  const deadMs = Math.max(leastDeadMs, suspicionsToDeath * byRttMs);
  const patientMs = Math.max(suspicionsToOffer * byRttMs, slowestToOffer * slowestMs);
  const offerMs = Math.min(deadMs, Math.max(suspectMs, patientMs));
  return { suspectMs, offerMs, deadMs };
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
export function nextLookMs(sinceMs: number, { suspectMs, offerMs, deadMs }: SilenceLimits): number {
  const due = [offerMs, deadMs].find((limitMs) => sinceMs < limitMs);
  return due === undefined ? suspectMs : Math.min(suspectMs, due - sinceMs);
}
