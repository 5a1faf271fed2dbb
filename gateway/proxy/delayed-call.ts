/** Owns a try that a fault delays: what is written meanwhile is kept, and sent once its time has come. */
import { messageOf } from '../../core/errors.ts';
import type { Call, CallHandler } from './call.ts';
import type { Fields } from './message.ts';
import { type Sweep, Timed } from './sweep.ts';

export class DelayedCall extends Timed implements Call {
  readonly #handler: CallHandler;
  readonly #sweep: Sweep;
  readonly #through: () => Call;
  /** Copies: pieces are valid only while they are given. */
  readonly #kept: Uint8Array[] = [];
  #trailers: Fields | undefined;
  #call: Call | undefined;

  /** `through` makes the real call, after `ms`. */
  constructor(handler: CallHandler, through: () => Call, sweep: Sweep, ms: number) {
    super();
    this.#handler = handler;
    this.#through = through;
    this.#sweep = sweep;
    sweep.set(this, sweep.refresh() + ms);
  }

  write(bytes: Uint8Array): boolean {
    if (this.#call !== undefined) return this.#call.write(bytes);
    this.#kept.push(Uint8Array.from(bytes));
    return false;
  }

  end(trailers: Fields = []): void {
    if (this.#call === undefined) this.#trailers = trailers;
    else this.#call.end(trailers);
  }

  read(): void {
    this.#call?.read();
  }

  cancel(): void {
    this.#sweep.cancel(this);
    this.#call?.cancel();
  }

  override onDue(): void {
    try {
      this.#go(this.#through());
    } catch (thrown) {
      const what = `A delayed try could not be made: ${messageOf(thrown)}`;
      this.#handler.onFailed({ sent: 'maybe', code: 'UPSTREAM_FAILED', what, cause: thrown });
    }
  }

  #go(call: Call): void {
    this.#call = call;
    let goesOn = true;
    for (const bytes of this.#kept.splice(0)) goesOn = call.write(bytes);
    if (this.#trailers !== undefined) call.end(this.#trailers);
    else if (goesOn) this.#handler.onWritable();
  }
}
