/** Owns the choice of where the next try goes. */
import type { PickRequest, Target, TierKind } from '../balance/types.ts';
import type { Exchange } from './exchange.ts';
import { isIdempotent } from './retry.ts';
import type { Route } from './route.ts';

const none: ReadonlySet<string> = new Set();

/** The choices made for one request so far; it is itself what the balancer is asked with. */
export class Picks implements PickRequest {
  readonly localOnly: boolean;
  readonly hash: number | undefined;
  readonly #route: Route;
  readonly #idempotent: boolean;
  /** Keys of targets. */
  tried: ReadonlySet<string> = none;
  mayLeaveTier = true;
  firstTier: TierKind | undefined = undefined;
  /** How many tries there were, the one under way included. */
  tries = 0;
  /** The target of the last try, not yet among `tried`: most requests have no second one. */
  #last: string | undefined = undefined;

  constructor(route: Route, exchange: Exchange) {
    this.#route = route;
    // A request that came from a gateway is answered from this cluster or refused: no loops.
    this.localOnly = exchange.peer.kind === 'gateway';
    this.#idempotent = isIdempotent(exchange.head.method);
    this.hash = hashOf(route, exchange);
  }

  hasTried(target: Target): boolean {
    return this.#last === target.key || this.tried.has(target.key);
  }

  /** `unsent`: whether every try so far provably never arrived. `now`: monotonic milliseconds, where they are at hand. */
  next(unsent: boolean, now?: number): Target | undefined {
    this.mayLeaveTier = this.#idempotent || unsent;
    if (this.#last !== undefined) this.tried = new Set(this.tried).add(this.#last);
    const target = this.#route.balancer.pick(this, now);
    this.firstTier ??= target?.tier;
    return target;
  }

  began(target: Target): void {
    this.tries++;
    this.#last = target.key;
  }
}

/** FNV-1a, 32 bits, of the route's field or else of the client's address as the first gateway saw it. */
function hashOf(route: Route, exchange: Exchange): number | undefined {
  if (route.hashField === undefined) return undefined;
  const { head, peer } = exchange;
  const client = peer.kind === 'client' ? peer.address : head.fields.get('x-forwarded-for');
  const text = head.fields.get(route.hashField) ?? client ?? '';
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
