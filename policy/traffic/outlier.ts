/** Owns when a target that fails is passed over, as a traffic policy says it: the shape, and the defaults. */

/** Kinds of failures that eject a target by so many in a row. The kind that says most is first. */
export const failuresInARow = [
  'consecutiveLocalOriginFailure',
  'consecutiveGatewayFailure',
  'consecutive5xx',
] as const;
export type FailureInARow = (typeof failuresInARow)[number];

/** Ways in which an endpoint that does worse than its siblings is found, over an interval. */
export type FailureInAnInterval = 'successRate' | 'failurePercentage';

/** Names and meanings are Envoy's (`outlier_detection`). The counts in a row are numbers of tries, 0 = never. */
export interface OutlierPolicy extends Readonly<Record<FailureInARow, number>> {
  /** Answers of 500 to 599, and what `consecutiveGatewayFailure` counts; default 5. */
  readonly consecutive5xx: number;
  /** Answers of 502, 503 or 504, and tries that brought no whole answer; default 3, where Envoy enforces none. */
  readonly consecutiveGatewayFailure: number;
  /** Tries that brought no whole answer (refused, reset, late), where they are counted apart; default 5. */
  readonly consecutiveLocalOriginFailure: number;
  /** Whether `consecutiveLocalOriginFailure` counts tries without an answer instead of all others; default false. */
  readonly splitExternalLocalOriginErrors: boolean;
  /** Over which endpoints are compared, and after which one that stayed in has a multiplier one less; milliseconds, default 10000. */
  readonly intervalMs: number;
  /** Chance that the success rate ejects an endpoint which it finds, percent; default 100, 0 = never. */
  readonly enforcingSuccessRate: number;
  /** Least number of endpoints with `successRateRequestVolume`, without which none is compared; default 5. */
  readonly successRateMinimumHosts: number;
  /** Tries of an endpoint within an interval from which it is compared; default 100. */
  readonly successRateRequestVolume: number;
  /** Thousandths of a standard deviation that an endpoint's success rate may be under the mean; default 1900. */
  readonly successRateStdevFactor: number;
  /** Chance that the failure percentage ejects an endpoint which it finds, percent; default 0 = never. */
  readonly enforcingFailurePercentage: number;
  /** Percentage of failures from which it finds an endpoint; default 85. */
  readonly failurePercentageThreshold: number;
  /** As `successRateMinimumHosts`; default 5. */
  readonly failurePercentageMinimumHosts: number;
  /** As `successRateRequestVolume`; default 50. */
  readonly failurePercentageRequestVolume: number;
  /** Time of an endpoint's ejection in milliseconds, times its multiplier, unless a check passes before; default 30000. Another cluster's is a sixth. */
  readonly baseEjectionMs: number;
  /** Longest ejection in milliseconds; default 300000. */
  readonly maxEjectionMs: number;
  /** Most of a cluster's endpoints that may be ejected at once, percent; default 50, where Envoy has 10, yet one always may. */
  readonly maxEjectedPercent: number;
}

export const defaultOutlier: OutlierPolicy = {
  consecutive5xx: 5,
  consecutiveGatewayFailure: 3,
  consecutiveLocalOriginFailure: 5,
  splitExternalLocalOriginErrors: false,
  intervalMs: 10_000,
  enforcingSuccessRate: 100,
  successRateMinimumHosts: 5,
  successRateRequestVolume: 100,
  successRateStdevFactor: 1900,
  enforcingFailurePercentage: 0,
  failurePercentageThreshold: 85,
  failurePercentageMinimumHosts: 5,
  failurePercentageRequestVolume: 50,
  baseEjectionMs: 30_000,
  maxEjectionMs: 300_000,
  maxEjectedPercent: 50,
};
