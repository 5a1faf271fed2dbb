/** Owns when the registry may be dialed again: one back-off for everybody who wants something of it. */
import type { Clock } from '../core/clock.ts';
import { IsthmusError } from '../core/errors.ts';

/** First and longest rest between two dials, in milliseconds. Those who call bring the jitter: each tries again at its own time. */
const firstRestMs = 250;
const longestRestMs = 4000;

/**
 * How long to rest after `failures` dials in a row without an answer. The connection that was lost, and each endpoint
 * once, cost nothing; from then on the rest doubles.
 */
export function restAfter(failures: number, endpoints: number): number {
  const rounds = failures - endpoints - 1;
  return rounds < 0 ? 0 : Math.min(longestRestMs, firstRestMs * 2 ** Math.min(rounds, 10));
}

export class DialGate {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #endpoints: number;
  #failures = 0;
  #opensAt = 0;
  #lastFailure: IsthmusError | undefined;

  /** `endpoints`: how many there are to try before it rests. */
  constructor(clock: Pick<Clock, 'monotonic'>, endpoints: number) {
    this.#clock = clock;
    this.#endpoints = endpoints;
  }

  /** The registry answered. */
  answered(): void {
    this.#failures = 0;
    this.#lastFailure = undefined;
  }

  /** A connection brought no answer, or broke. */
  failed(failure: IsthmusError): void {
    this.#failures += 1;
    this.#lastFailure = failure;
    this.#opensAt = this.#clock.monotonic() + restAfter(this.#failures, this.#endpoints);
  }

  /** Throws why the last dial failed while it is too early for another: REGISTRY_UNAVAILABLE. */
  pass(): void {
    if (this.#lastFailure === undefined || this.#clock.monotonic() >= this.#opensAt) return;
    const { message, where, cause } = this.#lastFailure;
    throw new IsthmusError('REGISTRY_UNAVAILABLE', { what: message, where, cause });
  }
}
