/** Owns session affinity as a traffic policy says it: how a client that was answered by an endpoint comes back to it. */

/** By a token that the gateway gives the client, which names the endpoint without saying where it is. */
export type AffinityPolicy = {
  /**
   * What becomes of a client whose endpoint can't take requests now. True: it goes to another one and is bound to that. False:
   * it is refused. One whose endpoint is gone for good goes to another in any case.
   */
  readonly failover: boolean;
  /** Present where a rule of a Route keeps the session, with the backend that was drawn for it; milliseconds, 0 = no limit. */
  readonly session?: { readonly absoluteMs: number; readonly idleMs: number };
} & (
  | {
      readonly by: 'cookie';
      readonly name: string;
      /** Milliseconds; 0 = as long as the browser's session. */
      readonly ttlMs: number;
      readonly path: string;
    }
  /** The answer has a field of that name, which the client sends back in its requests. `name` is in lower case. */
  | { readonly by: 'header'; readonly name: string }
);

export const defaultCookie = { name: 'isthmus-affinity', ttlMs: 0, path: '/' };
