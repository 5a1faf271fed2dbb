/** Owns a try that a black hole swallows: it takes all and answers nothing, until its time is up or its way there is known to be lost. */
import type { ClusterName } from '../../../core/names.ts';
import type { Call, CallHandler } from '../message/call.ts';

export class SwallowedCall implements Call {
  readonly isReady = true;
  /** The cluster that the try would have gone to. */
  readonly cluster: ClusterName;
  readonly #handler: CallHandler;
  readonly #held: Set<SwallowedCall>;

  /** The call is in `held` for as long as a request waits for it. */
  constructor(handler: CallHandler, cluster: ClusterName, held: Set<SwallowedCall>) {
    this.#handler = handler;
    this.cluster = cluster;
    this.#held = held;
    held.add(this);
  }

  /** Ends the wait: the try has failed. */
  fail(sent: 'no' | 'maybe', what: string): void {
    if (this.#held.delete(this)) this.#handler.onFailed({ sent, code: 'UPSTREAM_FAILED', what });
  }

  /** There may be no answer for a while. */
  doubt(): void {
    if (this.#held.has(this)) this.#handler.onDoubted();
  }

  write(): boolean {
    return true;
  }

  end(): void {
    // Nobody hears it.
  }

  read(): void {
    // Nothing comes.
  }

  cancel(): void {
    this.#held.delete(this);
  }
}
