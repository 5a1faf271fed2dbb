/** Owns the judgement whether a drill has gone too far: its guardrails against what is measured, or predicted. */

import { msOf } from '../../core/duration.ts';
import { quantileMs, ratio, type Window } from './measures.ts';
import type { Breach } from './model.ts';
import type { Guardrails } from './spec.ts';
import { percentText } from './words.ts';

/** The numbers that guardrails are held against. */
export interface Observation {
  /** Of the last few seconds, of the requests concerned. */
  readonly window: Window;
  /** Load of each cluster that states a capacity, 1 being all of it. */
  readonly loads: ReadonlyMap<string, number>;
  /** The service with the fewest healthy copies left, among those concerned. */
  readonly fewestHealthy: { readonly service: string; readonly healthy: number } | undefined;
  /** Since it began to be in force. */
  readonly elapsedMs: number;
}

/** Of fewer requests a share is judged as if there had been so many, and the others were well: one slip is not a trend, twelve of twelve are. */
export const fewestRequests = 20;

/** Every guardrail that `observation` breaks, in the order they are written. */
export function breaches(guardrails: Guardrails, observation: Observation): Breach[] {
  const { window, loads, fewestHealthy, elapsedMs } = observation;
  const { failed, requests } = window;
  const isTrend = failed / Math.max(requests, fewestRequests) > guardrails.errorRate;
  const share = ratio(failed, requests);
  const p99 = quantileMs(window, 0.99);
  const allowed = percentText(guardrails.load);
  return broken(guardrails, [
    [
      'errorRate',
      isTrend ? share : undefined,
      `${percentText(share)} of requests fail (${failed} of ${requests}); ${percentText(guardrails.errorRate)} may`,
    ],
    [
      'p99',
      p99,
      `99 of 100 requests take up to ${Math.round(p99 ?? 0)} ms; ${guardrails.p99} is allowed`,
    ],
    ...[...loads].map(
      ([cluster, load]): Held => [
        'load',
        load,
        `${cluster} is at ${percentText(load)} of its capacity; ${allowed} is allowed`,
      ],
    ),
    [
      'minHealthy',
      fewestHealthy?.healthy,
      tooFewHealthy(fewestHealthy?.service, fewestHealthy?.healthy, guardrails.minHealthy),
    ],
    ['timeLimit', elapsedMs, `It has been in force for longer than ${guardrails.timeLimit}`],
  ]);
}

function tooFewHealthy(
  service: string | undefined,
  left: number | undefined,
  wanted: number,
): string {
  const copies = left === 1 ? 'copy' : 'copies';
  return `${service} has ${left} healthy ${copies} left; ${wanted} ${wanted === 1 ? 'is' : 'are'} wanted`;
}

/** What a guardrail is held against, where there is anything, and what to say if it breaks. */
type Held = readonly [guardrail: Breach['guardrail'], value: number | undefined, what: string];

/** Those that are broken, of the guardrails that have a limit. */
export function broken(guardrails: Guardrails, held: readonly Held[]): Breach[] {
  return held.flatMap(([guardrail, value, what]) => {
    const stated = guardrails[guardrail];
    if (value === undefined || stated === undefined) return [];
    const limit = limitOf(stated);
    return isBroken(guardrail, value, limit) ? { guardrail, what, value, limit } : [];
  });
}

/** A limit as a number: a duration's milliseconds. */
export function limitOf(stated: string | number): number {
  return typeof stated === 'string' ? msOf(stated) : stated;
}

export function isBroken(guardrail: Breach['guardrail'], value: number, limit: number): boolean {
  return guardrail === 'minHealthy' ? value < limit : value > limit;
}
