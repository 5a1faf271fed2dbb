/** Owns a try that a fault delays: it is held until its time has come. */
import type { Call, CallHandler } from './call.ts';
import { HeldCall } from './held-call.ts';
import type { Fields } from './message.ts';
import { type Sweep, Timed } from './sweep.ts';

export class DelayedCall extends Timed implements Call {
  readonly #held: HeldCall;
  readonly #sweep: Sweep;

  /** `through` makes the real call, after `ms`. */
  constructor(handler: CallHandler, through: () => Call, sweep: Sweep, ms: number) {
    super();
    this.#held = new HeldCall(handler, through);
    this.#sweep = sweep;
    sweep.set(this, sweep.refresh() + ms);
  }

  write(bytes: Uint8Array): boolean {
    return this.#held.write(bytes);
  }

  end(trailers?: Fields): void {
    this.#held.end(trailers);
  }

  read(): void {
    this.#held.read();
  }

  cancel(): void {
    this.#sweep.cancel(this);
    this.#held.cancel();
  }

  override onDue(): void {
    this.#held.release();
  }
}
