/** Owns the traffic of each service over the last ten minutes, step by step, from the counts of all clusters. */
import { percentile } from './percentile.ts';
import { type Step, stepMs, stepsKept } from './samples.ts';
import { rounded, sumOf, type TrafficView } from './view.ts';

interface ServiceTraffic {
  readonly service: string;
  /** Requests per second in each step, oldest first. */
  readonly requests: readonly number[];
  /** Failures per second in each step. */
  readonly errors: readonly number[];
  /** Milliseconds to the response's head that 99 % of the step's requests took at most; null without requests. */
  readonly p99Ms: readonly (number | null)[];
}

interface Traffic {
  readonly stepSeconds: number;
  /** End of the last step, wall milliseconds. */
  readonly at: number;
  readonly items: readonly ServiceTraffic[];
  /** Clusters whose gateways did not answer. */
  readonly missing: readonly string[];
}

const stepSeconds = stepMs / 1000;

/**
 * Every request is counted once: where its client asked. Of `only`, if given, else of every service that had any.
 */
export function traffic(view: TrafficView, only?: string): Traffic {
  const byService = new Map<string, Map<number, Step[]>>();
  for (const { cluster, series } of view.clusters) {
    for (const one of series) {
      if (one.source !== cluster || (only !== undefined && one.service !== only)) continue;
      const steps = byService.get(one.service) ?? new Map<number, Step[]>();
      byService.set(one.service, steps);
      for (const step of one.steps) steps.set(step.step, [...(steps.get(step.step) ?? []), step]);
    }
  }
  return {
    stepSeconds,
    at: (view.through + 1) * stepMs,
    items: [...byService.keys()]
      .sort()
      .map((service) => itemOf(service, byService.get(service) ?? new Map(), view)),
    missing: view.missing,
  };
}

function itemOf(
  service: string,
  steps: ReadonlyMap<number, readonly Step[]>,
  { through, boundsMs }: TrafficView,
): ServiceTraffic {
  const sums = Array.from({ length: stepsKept }, (_, i) =>
    sumOf(steps.get(through - stepsKept + 1 + i) ?? []),
  );
  return {
    service,
    requests: sums.map(({ requests }) => rounded(requests / stepSeconds)),
    errors: sums.map(({ errors }) => rounded(errors / stepSeconds)),
    p99Ms: sums.map(({ latency }) => {
      const p99 = percentile(latency, boundsMs, 0.99);
      return p99 === undefined ? null : rounded(p99);
    }),
  };
}
