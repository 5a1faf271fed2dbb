/** Owns a try that a black hole swallows: it takes all and answers nothing, until its time is up or its way there is known to be lost. */
import type { ClusterName } from '../../core/names.ts';
import type { Call, CallHandler } from './call.ts';

export class SwallowedCall implements Call {
  /** Where it would have gone. */
  readonly cluster: ClusterName;
  readonly #handler: CallHandler;
  readonly #held: Set<SwallowedCall>;

  /** It is in `held` for as long as somebody waits for it. */
  constructor(handler: CallHandler, cluster: ClusterName, held: Set<SwallowedCall>) {
    this.#handler = handler;
    this.cluster = cluster;
    this.#held = held;
    held.add(this);
  }

  /** Nobody need wait any longer. */
  fail(sent: 'no' | 'maybe', what: string): void {
    if (this.#held.delete(this)) this.#handler.onFailed({ sent, code: 'UPSTREAM_FAILED', what });
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
