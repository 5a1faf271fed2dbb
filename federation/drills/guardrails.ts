/** Owns the judgement whether a drill has gone too far: its guardrails against what is measured, or predicted. */
import { quantileMs, ratio, type Window } from './measures.ts';
import type { Breach } from './model.ts';
import { type Guardrails, msOf } from './spec.ts';

/** What guardrails are held against. */
export interface Observation {
  /** Of the last few seconds. */
  readonly window: Window;
  /** Load of each cluster that states a capacity, 1 being all of it. */
  readonly loads: ReadonlyMap<string, number>;
  /** The service with the fewest healthy copies left, among those concerned. */
  readonly fewestHealthy: { readonly service: string; readonly healthy: number } | undefined;
  /** Since it began to be in force. */
  readonly elapsedMs: number;
}

/** With fewer requests than this a share of them says nothing yet. */
export const fewestRequests = 20;

/** Every guardrail that `observation` breaks, in the order they are written. */
export function breaches(guardrails: Guardrails, observation: Observation): Breach[] {
  const { window, loads, fewestHealthy, elapsedMs } = observation;
  const found: Breach[] = [];
  const watch = (
    guardrail: Breach['guardrail'],
    value: number | undefined,
    limit: number | undefined,
    what: (value: number, limit: number) => string,
  ): void => {
    if (value === undefined || limit === undefined) return;
    const broken = guardrail === 'minHealthy' ? value < limit : value > limit;
    if (broken) found.push({ guardrail, what: what(value, limit), value, limit });
  };
  const enough = window.requests >= fewestRequests;
  watch(
    'errorRate',
    enough ? ratio(window.failed, window.requests) : undefined,
    guardrails.errorRate,
    (value, limit) => `${percentText(value)} of requests fail; ${percentText(limit)} may`,
  );
  watch(
    'p99',
    enough ? quantileMs(window, 0.99) : undefined,
    guardrails.p99 === undefined ? undefined : msOf(guardrails.p99),
    (value, limit) =>
      `99 of 100 requests take up to ${Math.round(value)} ms; ${limit} ms are allowed`,
  );
  for (const [cluster, load] of loads) {
    watch(
      'load',
      load,
      guardrails.load,
      (value, limit) =>
        `${cluster} is at ${percentText(value)} of its capacity; ${percentText(limit)} is allowed`,
    );
  }
  watch(
    'minHealthy',
    fewestHealthy?.healthy,
    guardrails.minHealthy,
    (value, limit) =>
      `${fewestHealthy?.service} has ${value} healthy copies left; ${limit} are wanted`,
  );
  watch(
    'timeLimit',
    elapsedMs,
    msOf(guardrails.timeLimit),
    (_value, limit) => `It has been in force for longer than ${limit / 1000} s`,
  );
  return found;
}

/** `0.5 %`, with as many digits as say something. */
export function percentText(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}
