/** Owns how an endpoint is chosen, as a traffic policy says it: the algorithms, what each can be told, and the defaults. */

export const algorithms = [
  'peak-ewma',
  'least-request',
  'round-robin',
  'random',
  'ring-hash',
  'maglev',
] as const;
export type Algorithm = (typeof algorithms)[number];

/** Whether the algorithm sends equal hashes to the same place. */
export function isConsistent(algorithm: Algorithm): boolean {
  return algorithm === 'ring-hash' || algorithm === 'maglev';
}

export interface LeastRequestPolicy {
  /** Where weights differ, a turn is by `weight / (active + 1)^bias`: 0 = by weight alone; default 1. */
  readonly activeRequestBias: number;
}

export interface RingHashPolicy {
  /** Least number of points on the ring; default 0, which is 160 for each endpoint, and 1024 at least. */
  readonly minimumRingSize: number;
  /** Most points; default 131072. */
  readonly maximumRingSize: number;
}

export interface MaglevPolicy {
  /** Places in the table, a prime; default 65537. */
  readonly tableSize: number;
}

/** How an endpoint that is new, or healthy again, gets its share; not where hashes decide. */
export interface SlowStartPolicy {
  /** How long it takes, in milliseconds; default 0, which is at once. */
  readonly windowMs: number;
  /** Over 1 the share grows faster at first, under 1 later; default 1, evenly. */
  readonly aggression: number;
  /** Least part of its weight, percent; default 10. */
  readonly minWeightPercent: number;
}

/** The parts of a balancing policy that say how an endpoint is chosen. */
export interface AlgorithmSettings {
  readonly leastRequest: LeastRequestPolicy;
  readonly ringHash: RingHashPolicy;
  readonly maglev: MaglevPolicy;
  readonly slowStart: SlowStartPolicy;
}

export const defaultSettings: AlgorithmSettings = {
  leastRequest: { activeRequestBias: 1 },
  ringHash: { minimumRingSize: 0, maximumRingSize: 131_072 },
  maglev: { tableSize: 65_537 },
  slowStart: { windowMs: 0, aggression: 1, minWeightPercent: 10 },
};
