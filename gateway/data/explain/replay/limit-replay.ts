/** Owns what rate limits would have refused of requests of which only some were remembered: each takes as many tokens as it stands for. */

interface Tokens {
  readonly left: number;
  /** Wall milliseconds. */
  readonly at: number;
}

interface Limit {
  readonly requests: number;
  readonly perMs: number;
  readonly burst: number;
}

/** Buckets are full at first. */
export class LimitReplay {
  readonly #buckets = new Map<bigint, Tokens>();

  /**
   * The share, 0 to 1, that the bucket of `key` does not let through of `weight` requests at that moment, which never goes back. A bucket
   * has room for all that one stands for: they did not come at once.
   */
  refused(key: bigint, limit: Limit, at: number, weight: number): number {
    const room = limit.burst + weight - 1;
    const known = this.#buckets.get(key) ?? { left: room, at };
    const back = (Math.max(0, at - known.at) * limit.requests) / limit.perMs;
    const left = Math.min(room, known.left + back);
    const given = Math.min(weight, left);
    this.#buckets.set(key, { left: left - given, at });
    return 1 - given / weight;
  }
}
