/** Owns the choice of where the next try goes. */
import type { ClusterName } from '../../../core/names.ts';
import { endpointKey } from '../balance/ejections.ts';
import { hash32 } from '../balance/hash.ts';
import type { PickRequest, Target, TierKind } from '../balance/types.ts';
import type { Exchange } from '../message/exchange.ts';
import { sessionId } from '../message/headers.ts';
import { tokenIn } from './pick/affinity.ts';
import { hashKeyOf } from './pick/hash-key.ts';
import { isRepeatable } from './retry/verdict.ts';
import type { Route } from './route/route-table.ts';

const none: ReadonlySet<string> = new Set();

/** The choices made for one request so far, and whether any of its tries may have arrived; the balancer is asked with it. */
export class Picks implements PickRequest {
  localOnly: boolean;
  within: ClusterName | undefined = undefined;
  awayFrom: Target | undefined = undefined;
  readonly route: Route;
  readonly exchange: Exchange;
  /** Keys of targets. */
  tried: ReadonlySet<string> = none;
  mayLeaveTier = true;
  firstTier: TierKind | undefined = undefined;
  /** How many tries there were, the one under way included. */
  tries = 0;
  /** Whether every try so far provably never arrived. */
  unsent = true;
  usableOnly = false;
  /** Whether its client came with a token of the first target. */
  isOfSession = false;
  /** Whether the request is for one target alone, whatever becomes of it. */
  #isBound = false;
  /** Whether any retry was taken from the budget. */
  #isRetrying = false;
  #hash: number | undefined = undefined;
  /** The target of the last try, not yet among `tried`: most requests have no second one. */
  #last: Target | undefined = undefined;

  constructor(route: Route, exchange: Exchange) {
    this.route = route;
    // A request that came from a gateway is answered from this cluster or refused: no loops.
    this.localOnly = exchange.peer.kind === 'gateway';
    this.exchange = exchange;
  }

  /** Only algorithms that hash ask for it. */
  get hash(): number {
    this.#hash ??= hash32(hashKeyOf(this.exchange, this.route.policy.balance.hash));
    return this.#hash;
  }

  hasTried(target: Target): boolean {
    return this.#last?.key === target.key || this.tried.has(target.key);
  }

  get method(): string {
    return this.exchange.head.method;
  }

  /** `now`: monotonic milliseconds, where they are at hand. */
  next(now?: number): Target | undefined {
    if (this.#last !== undefined) this.#leave(this.#last);
    const bound = this.#bound();
    if (this.#isBound) return bound;
    const target = bound ?? this.route.balancer.pick(this, now);
    this.firstTier ??= target?.tier;
    return target;
  }

  /** The target that the client came with a token of, for the first try; undefined where that can't take requests, or there is none. */
  #bound(): Target | undefined {
    if (this.#last !== undefined) return undefined;
    const { affinity } = this.route.policy.balance;
    const { exchange } = this;
    const isTold = exchange.peer.kind === 'gateway';
    const told = isTold ? exchange.head.fields.getById(sessionId) : undefined;
    if (affinity === undefined && told === undefined) return undefined;
    const token = told ?? (affinity && tokenIn(exchange, affinity));
    const named = token === undefined ? undefined : this.route.balancer.find(token);
    if (named === undefined) return undefined;
    const { target } = named;
    if (this.localOnly && target?.kind === 'cluster') return undefined;
    this.#isBound = told === undefined && affinity?.failover === false;
    this.isOfSession = target !== undefined;
    return target;
  }

  /** Another target is looked for, but where a retry must not go. */
  #leave(last: Target): void {
    const { retry } = this.route.policy.balance;
    this.mayLeaveTier = this.unsent || isRepeatable(this.method, retry);
    this.tried = new Set([...this.tried, ...keysOf(last)]);
    // What a breaker turned away was no try.
    if (retry.stay === 'anywhere' || this.awayFrom !== undefined) return;
    if (last.kind === 'endpoint') this.localOnly = true;
    else this.within = last.cluster;
  }

  /** Another place than that of the last try, which is not over; undefined where there is none that is as good. */
  elsewhere(): Target | undefined {
    this.usableOnly = true;
    const target = this.next();
    this.usableOnly = false;
    return target;
  }

  /** Takes a retry from the budget; false when it is spent. */
  takeRetry(): boolean {
    const { balancer, policy } = this.route;
    const isTaken = balancer.takeRetry(policy.balance.retry, this.#isRetrying);
    this.#isRetrying ||= isTaken;
    return isTaken;
  }

  /** There will be no further try. */
  settle(): void {
    if (!this.#isRetrying) return;
    this.#isRetrying = false;
    this.route.balancer.retried();
  }

  began(target: Target): void {
    this.tries++;
    this.#last = target;
  }
}

/** A target, and those that would be the same again: other ids of one address. */
function keysOf(target: Target): string[] {
  const twins = target.kind === 'endpoint' ? (target.endpoint.twins ?? []) : [];
  return [target.key, ...twins.map(endpointKey)];
}
