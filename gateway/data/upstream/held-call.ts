/** Owns a try that can't be made yet: what is written meanwhile is kept, and sent once it is let go. */
import { type ErrorCode, messageOf } from '../../../core/errors.ts';
import type { ConnectionGate } from '../balance/breakers.ts';
import type { Call, CallHandler } from '../message/call.ts';
import type { Fields } from '../message/message.ts';

export class HeldCall implements Call {
  readonly #handler: CallHandler;
  readonly #through: () => Call;
  /** Copies: pieces are valid only while they are given. */
  readonly #kept: Uint8Array[] = [];
  #trailers: Fields | undefined;
  #call: Call | undefined;
  #isOver = false;
  #gate: ConnectionGate | undefined;

  /** `through` makes the real call; `gate`: where it is counted that it waits. */
  constructor(handler: CallHandler, through: () => Call, gate?: ConnectionGate) {
    this.#handler = handler;
    this.#through = through;
    this.#gate = gate;
    gate?.waits();
  }

  get isReady(): boolean {
    return this.#call?.isReady ?? false;
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
    this.#isOver = true;
    this.#waitsNoMore();
    this.#call?.cancel();
  }

  /** The real call is made. */
  release(): void {
    if (this.#isOver) return;
    this.#waitsNoMore();
    try {
      this.#go(this.#through());
    } catch (thrown) {
      const what = `A try that was held could not be made: ${messageOf(thrown)}`;
      this.#handler.onFailed({ sent: 'maybe', code: 'UPSTREAM_FAILED', what, cause: thrown });
    }
  }

  /** The call is not made at all; `what` says why. */
  fail(what: string, code: ErrorCode = 'UPSTREAM_FAILED'): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#waitsNoMore();
    this.#handler.onFailed({ sent: 'no', code, what });
  }

  #waitsNoMore(): void {
    this.#gate?.goesOn();
    this.#gate = undefined;
  }

  #go(call: Call): void {
    this.#call = call;
    let goesOn = true;
    for (const bytes of this.#kept.splice(0)) goesOn = call.write(bytes);
    if (this.#trailers !== undefined) call.end(this.#trailers);
    else if (goesOn && call.isReady) this.#handler.onWritable();
  }
}
