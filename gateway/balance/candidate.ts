/** Owns what the endpoint algorithms choose among, and the one question they answer. */

/** What is measured of a target while it is used. It outlives pickers: a change of view does not reset it. */
export interface Meter {
  /** Requests sent and not finished. */
  pending: number;
  /** Peak-EWMA of the time to the response head in milliseconds; negative = never measured. */
  estimate: number;
  /** When `estimate` was last brought up to date, monotonic milliseconds. */
  at: number;
}

export interface Candidate {
  readonly key: string;
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
  return { pending: 0, estimate: -1, at: 0 };
}
