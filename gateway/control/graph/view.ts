/** Owns what graph and traffic are computed from: the series of every cluster that answered, up to one step. */
import type { Series, Step } from './samples.ts';

interface ClusterSeries {
  /** The cluster whose gateways counted these. */
  readonly cluster: string;
  readonly series: readonly Series[];
}

export interface TrafficView {
  /** The last step that is over. */
  readonly through: number;
  readonly boundsMs: readonly number[];
  readonly clusters: readonly ClusterSeries[];
  /** Clusters whose gateways did not answer. */
  readonly missing: readonly string[];
}

export interface Sum {
  readonly requests: number;
  readonly errors: number;
  readonly latency: readonly number[];
}

/** Adds up steps. */
export function sumOf(steps: readonly Omit<Step, 'step'>[]): Sum {
  return steps.reduce<Sum>(addSums, { requests: 0, errors: 0, latency: [] });
}

export function addSums(a: Sum, b: Sum): Sum {
  return {
    requests: a.requests + b.requests,
    errors: a.errors + b.errors,
    latency: addUp(a.latency, b.latency),
  };
}

/** Bucket by bucket, as long as the longer one. */
export function addUp(a: readonly number[], b: readonly number[]): number[] {
  const [long, short] = a.length >= b.length ? [a, b] : [b, a];
  return long.map((count, i) => count + (short[i] ?? 0));
}

/** To hundredths: what a person reads, and a stream need not repeat. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
