/** Owns the shape of circuit breakers: how much may be under way to one destination, with its defaults. */

/** Names are Istio's and Envoy's (`max_connections`, `max_pending_requests` ...). */
export const breakerNames = ['maxConnections', 'maxPending', 'maxRequests', 'maxRetries'] as const;
export type BreakerName = (typeof breakerNames)[number];

/**
 * Each holds for a service at one destination, which is the own cluster or another one, over all of a gateway's workers; 0 = no limit,
 * as by default.
 */
export interface BreakerPolicy extends Readonly<Record<BreakerName, number>> {
  /** Connections to the own cluster's endpoints, those at rest included. */
  readonly maxConnections: number;
  /** Requests that wait for a connection to one of the own cluster's endpoints. */
  readonly maxPending: number;
  /** Tries under way, to the end of their answers. */
  readonly maxRequests: number;
  /** Of these, such as are not the first of their request. */
  readonly maxRetries: number;
}

export const defaultBreakers: BreakerPolicy = {
  maxConnections: 0,
  maxPending: 0,
  maxRequests: 0,
  maxRetries: 0,
};
