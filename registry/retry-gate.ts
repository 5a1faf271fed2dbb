/** Owns when something that failed may be tried again: one back-off for everybody who wants it, whose caller brings the jitter. */
import type { Clock } from '../core/clock.ts';
import { IsthmusError } from '../core/errors.ts';

interface RestRules {
  /** Failures in a row that cost nothing. */
  readonly free: number;
  /** Rest after the first that does; doubled with each. Milliseconds. */
  readonly firstRestMs: number;
  readonly longestRestMs: number;
}

/** How long to rest after `failures` in a row, in milliseconds. */
export function restAfter(failures: number, rules: RestRules): number {
  const rounds = failures - rules.free - 1;
  if (rounds < 0) return 0;
  return Math.min(rules.longestRestMs, rules.firstRestMs * 2 ** Math.min(rounds, 30));
}

export class RetryGate {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #rules: RestRules;
  #failures = 0;
  #opensAt = 0;
  #lastFailure: IsthmusError | undefined;

  constructor(clock: Pick<Clock, 'monotonic'>, rules: RestRules) {
    this.#clock = clock;
    this.#rules = rules;
  }

  /** The last attempt worked, or the next may: it is made at once. */
  open(): void {
    this.#failures = 0;
    this.#lastFailure = undefined;
  }

  failed(failure: IsthmusError): void {
    this.#failures += 1;
    this.#lastFailure = failure;
    this.#opensAt = this.#clock.monotonic() + restAfter(this.#failures, this.#rules);
  }

  /** Throws why it failed last while it is too early for another try; what timed out then is REGISTRY_UNAVAILABLE now. */
  pass(): void {
    if (this.#lastFailure === undefined || this.#clock.monotonic() >= this.#opensAt) return;
    const { code, message, where, fix, cause } = this.#lastFailure;
    throw new IsthmusError(code === 'TIMED_OUT' ? 'REGISTRY_UNAVAILABLE' : code, {
      what: message,
      where,
      cause,
      ...(code !== 'TIMED_OUT' && { fix }),
    });
  }
}
