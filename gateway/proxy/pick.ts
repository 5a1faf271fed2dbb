/** Owns the choice of where the next try goes. */
import type { Target, TierKind } from '../balance/types.ts';
import type { Exchange } from './exchange.ts';
import { fieldOf } from './message.ts';
import { isIdempotent } from './retry.ts';
import type { Route } from './route.ts';

/** The choices made for one request so far. */
export class Picks {
  readonly #route: Route;
  readonly #localOnly: boolean;
  readonly #idempotent: boolean;
  readonly #hash: number | undefined;
  readonly #tried = new Set<string>();
  #tries = 0;
  #firstTier: TierKind | undefined;

  constructor(route: Route, exchange: Exchange) {
    this.#route = route;
    // A request that came from a gateway is answered from this cluster or refused: no loops.
    this.#localOnly = exchange.peer.kind === 'gateway';
    this.#idempotent = isIdempotent(exchange.head.method);
    this.#hash = hashOf(route, exchange);
  }

  /** How many tries there were, the one under way included. */
  get tries(): number {
    return this.#tries;
  }

  hasTried(target: Target): boolean {
    return this.#tried.has(target.key);
  }

  /** `unsent`: whether every try so far provably never arrived. */
  next(unsent: boolean): Target | undefined {
    const target = this.#route.balancer.pick({
      tried: this.#tried,
      mayLeaveTier: this.#idempotent || unsent,
      firstTier: this.#firstTier,
      localOnly: this.#localOnly,
      hash: this.#hash,
    });
    this.#firstTier ??= target?.tier;
    return target;
  }

  tried(target: Target): void {
    this.#tries++;
    this.#tried.add(target.key);
  }
}

/** FNV-1a, 32 bits, of the route's field or else of the client's address as the first gateway saw it. */
function hashOf(route: Route, exchange: Exchange): number | undefined {
  if (route.hashField === undefined) return undefined;
  const { head, peer } = exchange;
  const client = peer.kind === 'client' ? peer.address : fieldOf(head.fields, 'x-forwarded-for');
  const text = fieldOf(head.fields, route.hashField) ?? client ?? '';
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
