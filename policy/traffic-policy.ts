/** Owns the shape of a traffic policy: how a service's requests are balanced, tried again, and how long they may take. */
import type { AffinityPolicy } from './traffic/affinity.ts';
import { type Algorithm, type AlgorithmSettings, defaultSettings } from './traffic/algorithms.ts';
import { type BreakerPolicy, defaultBreakers } from './traffic/breakers.ts';
import { defaultHedge, type HedgePolicy } from './traffic/hedge.ts';
import { defaultOutlier, type OutlierPolicy } from './traffic/outlier.ts';
import { defaultRetry, type RetryPolicy } from './traffic/retry.ts';
import { defaultTiers, type TiersPolicy } from './traffic/tiers.ts';

/** Immutable; its parts are as a configuration names them. */
export interface TrafficPolicy {
  readonly balance: BalancePolicy;
  readonly timeouts: Timeouts;
}

/** How a service is balanced. Semantics and defaults follow Envoy's priority levels. */
export interface BalancePolicy extends AlgorithmSettings, TiersPolicy {
  /** Default 1.4: a tier carries its whole load until less than 1/1.4 = 71 % of it is healthy. */
  readonly overprovisioningFactor: number;
  /** Percent, 0 to 100; default 50. 0 turns panic off. */
  readonly panicThreshold: number;
  /** Default `peak-ewma`. */
  readonly algorithm: Algorithm;
  /** The part of a request that `ring-hash` and `maglev` go by; default the client's address. */
  readonly hash: HashPolicy;
  /** How a client comes back to the endpoint that answered it; absent: it does not. */
  readonly affinity?: AffinityPolicy;
  /** How a recovered tier gets its load back. */
  readonly failback: FailbackPolicy;
  /** When a target that fails is passed over. */
  readonly outlier: OutlierPolicy;
  readonly retry: RetryPolicy;
  /** When a request that is not answered is sent to one more target. */
  readonly hedge: HedgePolicy;
  readonly breakers: BreakerPolicy;
}

/** The part of a request that is hashed. Where a request has no such field, cookie or parameter, its client's address is. */
export type HashPolicy =
  | { readonly by: 'source' }
  /** `name` is in lower case. */
  | { readonly by: 'header'; readonly name: string }
  | { readonly by: 'cookie'; readonly name: string }
  /** A parameter of the query. */
  | { readonly by: 'query'; readonly name: string };

export interface FailbackPolicy {
  /** How long a better tier must stay able before it gets any load back, in milliseconds; default 2000. */
  readonly holdMs: number;
  /** How long its share takes from 0 to all, in milliseconds; default 10000. */
  readonly rampMs: number;
}

/** But for the name of a field, all in milliseconds. */
export interface Timeouts {
  /** From the end of the request, its body included, to the response head, all tries together; default 30000, 0 = none. */
  readonly requestMs: number;
  /** To get a connection to an endpoint; default 1000. */
  readonly connectMs: number;
  /**
   * What is waited for an endpoint to ask for a body that expects to be asked for (100 Continue), before it is sent unasked;
   * default 1000, 0 = not at all: such bodies are sent at once.
   */
  readonly continueMs: number;
  /** Most rest of a kept connection to an HTTP/1.1 endpoint; default 4000, under the 5 s after which many servers close theirs. */
  readonly restMs: number;
  /** Limit on one try, to the response head; a try that takes longer counts as failed. Default 0 = none. */
  readonly perTryMs: number;
  /** Without a byte in either direction before the exchange is cut; default 300000, 0 = none. */
  readonly idleMs: number;
  /**
   * Name of the request's field, in lower case, by which a client says how many milliseconds it waits for the whole answer;
   * default empty: there is none but gRPC's own.
   */
  readonly deadlineHeader: string;
}

/** Defaults follow Envoy (overprovisioning, panic), Linkerd (retry budget) and Finagle (peak EWMA). */
export const defaultBalance: BalancePolicy = {
  overprovisioningFactor: 1.4,
  panicThreshold: 50,
  algorithm: 'peak-ewma',
  hash: { by: 'source' },
  ...defaultSettings,
  ...defaultTiers,
  failback: { holdMs: 2000, rampMs: 10_000 },
  outlier: defaultOutlier,
  retry: defaultRetry,
  hedge: defaultHedge,
  breakers: defaultBreakers,
};

export const defaultTimeouts: Timeouts = {
  requestMs: 30_000,
  connectMs: 1_000,
  continueMs: 1_000,
  restMs: 4_000,
  perTryMs: 0,
  idleMs: 300_000,
  deadlineHeader: '',
};

export const defaultTraffic: TrafficPolicy = { balance: defaultBalance, timeouts: defaultTimeouts };
