/** Owns the shape of hedging, with its defaults: when a request that is not answered is sent to one more target. */

/** As gRPC's `hedgingPolicy`, but that 0 is off there and that retries stay what they are. */
export interface HedgePolicy {
  /** From when the request is whole, and from each hedge to the next, milliseconds; default 0 = never. */
  readonly delayMs: number;
  /** Most tries of a request at a time, the first included; default 2. */
  readonly maxTries: number;
}

export const defaultHedge: HedgePolicy = { delayMs: 0, maxTries: 2 };
