/** Owns how much may be on its way to us over a link: enough to fill the way, and little more, lest small answers wait behind large ones. */

/** Octets beyond what the way holds: what an end reads and writes in a few turns of its event loop. */
const inHand = 512 * 1024;
/** Octets a millisecond that any way is taken to carry, until it was seen to carry more: half a gigabit a second. */
const assumedRate = 64 * 1024;
/** Factor on the rate that was seen, so that a rate that can grow does. */
const headroom = 2;
const most = 32 << 20;

/** Weight of a rate that is not reached any more, at each look. */
const fading = 0.9;
/** How long the shortest round trip is believed, in milliseconds: at least once, at most twice this. */
const believedMs = 300_000;

/** Octets that fill a way there and back of `roundTripMs`, which has lately carried `rate` octets a millisecond. */
export function flightOf(roundTripMs: number, rate: number): number {
  const held = roundTripMs * Math.max(assumedRate, headroom * rate);
  return Math.round(Math.min(most, inHand + held));
}

/** Learns from round trips. Only the shortest tells how long the way is: the others waited behind what is on it. */
export class Flight {
  #shortestMs = Infinity;
  /** The shortest of the period before this one. */
  #shortestBefore = Infinity;
  #periodEndsAt = -Infinity;
  #rate = 0;
  #lookedAt: number | undefined;
  #received = 0;

  /**
   * A round trip took so long; so many octets were received up to `now` (monotonic milliseconds). Returns how many may be on
   * their way.
   */
  look(roundTripMs: number, received: number, now: number): number {
    if (now >= this.#periodEndsAt) {
      this.#periodEndsAt = now + believedMs;
      this.#shortestBefore = this.#shortestMs;
      this.#shortestMs = Infinity;
    }
    this.#shortestMs = Math.min(this.#shortestMs, roundTripMs);
    if (this.#lookedAt !== undefined && now > this.#lookedAt) {
      const rate = (received - this.#received) / (now - this.#lookedAt);
      this.#rate = Math.max(rate, fading * this.#rate);
    }
    this.#lookedAt = now;
    this.#received = received;
    return flightOf(Math.min(this.#shortestMs, this.#shortestBefore), this.#rate);
  }
}
