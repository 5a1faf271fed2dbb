/** Owns what a step of the way to a service is: it looks at a request's head, and lets it pass, finds its route, or refuses it. */
import type { IsthmusError } from '../../../core/errors.ts';
import type { Exchange } from '../message/exchange.ts';
import type { SlotName } from './life.ts';
import type { Route } from './route/route-table.ts';

export interface Step {
  /** The step's place in the order. */
  readonly slot: SlotName;
  /** `route`: where it was found. Called for every request: it waits for nothing. */
  take(exchange: Exchange, route: Route | undefined): Route | IsthmusError | undefined;
}
