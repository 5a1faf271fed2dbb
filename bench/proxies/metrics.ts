/** Owns what is measured of a program, and how rounds of it are summed up. */
import { quantile } from '../machine.ts';

/** A metric, its heading, and the decimals it is shown with. */
export const metrics = {
  cpuUsPerRequest: ['CPU us/request', 1],
  cpuUsPerMB: ['CPU us/MB', 0],
  bytesPerConnection: ['bytes/connection', 0],
  connections: ['connections', 0],
  rps: ['requests/s', 0],
  bulkMBps: ['bulk MB/s', 0],
  p50Ms: ['p50 ms', 2],
  p99Ms: ['p99 ms', 2],
  /** p99 without what disturbs it, and how many times as long it takes with that. */
  p99AloneMs: ['p99 alone', 2],
  p99VsAlone: ['p99 / alone', 2],
  /** p99 in the second in which what disturbs it comes. */
  p99ArrivingMs: ['p99 arriving', 2],
  /** Share of one core that the program used: below 1 something else was the bottleneck. */
  cores: ['cores used', 2],
  rssMB: ['RSS MB', 0],
  errors: ['errors', 0],
} as const satisfies Record<string, readonly [heading: string, decimals: number]>;

export type Metric = keyof typeof metrics;

/** The measurements of one program in one round. */
export type Sample = Readonly<Partial<Record<Metric, number>>>;

/** The median of each metric; all errors together. */
export function summary(rounds: readonly Sample[]): Sample {
  const present = (Object.keys(metrics) as Metric[]).filter(
    (metric) => rounds[0]?.[metric] !== undefined,
  );
  return Object.fromEntries(
    present.map((metric) => {
      const values = rounds.map((round) => round[metric] ?? Number.NaN);
      if (metric === 'errors') return [metric, values.reduce((sum, value) => sum + value, 0)];
      return [metric, round(median(values))];
    }),
  );
}

export function median(values: readonly number[]): number {
  return values.length % 2 === 1
    ? quantile(values, 0.5)
    : (quantile(values, 0.5) + quantile(values, 0.5 - 1 / values.length)) / 2;
}

/** Four significant digits: more were not measured. */
export function round(value: number): number {
  return Number(value.toPrecision(4));
}
