/** Owns what the policies of a service say of what a Route leads there, in place of the service that was asked for or as a copy. */
import type { Exchange } from '../message/exchange.ts';
import type { Route } from './route/route-table.ts';
import type { Said, Step } from './step.ts';

export interface StepsThere {
  readonly ofService: readonly Step[];
  /** Those that may say something else where it is the service that was asked for: it counts against the same limits, once. */
  readonly ofSame: readonly Step[];
}

/** `ofService`: may hold a request. */
export function stepsThere(...ofService: readonly Step[]): StepsThere {
  return { ofService, ofSame: ofService.filter(({ slot }) => slot !== 'rate-limit') };
}

/** The first of them that says something ends it. */
export function saidBy(
  steps: readonly Step[],
  exchange: Exchange,
  chosen: Route,
): Said | Promise<Said> {
  for (const [i, step] of steps.entries()) {
    const said = step.take(exchange, chosen);
    if (said instanceof Promise) {
      return said.then((held) => held ?? saidBy(steps.slice(i + 1), exchange, chosen));
    }
    if (said !== undefined) return said;
  }
  return undefined;
}
