/** Owns candidates, which the endpoint algorithms choose among, and the one question that an algorithm answers. */

/** The measurements of a target that is used. They outlive pickers: a change of view does not reset them. */
export interface Meter {
  /** Requests sent and not finished. */
  pending: number;
  /** Peak-EWMA of the time to the response head in milliseconds: the most it takes; negative = never measured. */
  estimate: number;
  /** The least it takes, in milliseconds, as far as its answers prove. */
  least: number;
  /** When it was last measured, monotonic milliseconds. */
  at: number;
}

export interface Candidate {
  readonly key: string;
  /** Where it is, `10.0.0.1:80` or a cluster's name: what consistent hashing goes by, at whichever gateway. */
  readonly place: string;
  /** Share relative to the others; positive. */
  readonly weight: number;
  readonly meter: Meter;
}

export interface EndpointAlgorithm {
  /**
   * Index of a candidate whose key is not in `tried`, or -1 when there is none. `now` is monotonic
   * milliseconds; `hash` steers the consistent algorithms. Allocates nothing.
   */
  pick(now: number, tried: ReadonlySet<string>, hash: number | undefined): number;
}

export function createMeter(): Meter {
  return { pending: 0, estimate: -1, least: 0, at: 0 };
}
