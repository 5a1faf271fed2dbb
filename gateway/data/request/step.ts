/** Owns what a step of the way to a service is: it looks at a request's head, and lets it pass, finds its route, or answers it. */
import type { IsthmusError } from '../../../core/errors.ts';
import type { Exchange } from '../message/exchange.ts';
import type { Fields } from '../message/message.ts';
import type { SlotName } from './life.ts';
import type { Route } from './route/route-table.ts';

/** A refusal that says more by fields of its answer. */
export class Refusal {
  readonly error: IsthmusError;
  /** Name and value in turns. */
  readonly fields: Fields;

  constructor(error: IsthmusError, fields: Fields) {
    this.error = error;
    this.fields = fields;
  }
}

/** The gateway's own answer, which is no refusal: a redirect, a page that a policy says. */
export class OwnAnswer {
  readonly status: number;
  /** Name and value in turns; none of framing. */
  readonly fields: Fields;
  readonly body: Uint8Array | undefined;

  constructor(status: number, fields: Fields, body?: Uint8Array) {
    this.status = status;
    this.fields = fields;
    this.body = body;
  }
}

/** What a step says at once. Undefined: the request passes. A route: it goes by that from here on. */
export type Said = Route | IsthmusError | Refusal | OwnAnswer | undefined;

export interface Step {
  /** The step's place in the order. */
  readonly slot: SlotName;
  /**
   * `route`: where it was found. Called for every request. A promise holds the request, of which nothing more is read until it is
   * kept; it must come to an end by itself, and is for what can't be said at once.
   */
  take(exchange: Exchange, route: Route | undefined): Said | Promise<Said>;
}
