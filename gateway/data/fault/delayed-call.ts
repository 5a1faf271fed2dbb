/** Owns a try that a fault delays: it is held until its time has come. */

import { Timed, type TimingWheel } from '../../../core/timing-wheel.ts';
import type { Call, CallHandler } from '../message/call.ts';
import type { Fields } from '../message/message.ts';
import { HeldCall } from '../upstream/held-call.ts';

export class DelayedCall extends Timed implements Call {
  readonly #held: HeldCall;
  readonly #wheel: TimingWheel;

  /** `through` makes the real call, after `ms`. */
  constructor(handler: CallHandler, through: () => Call, wheel: TimingWheel, ms: number) {
    super();
    this.#held = new HeldCall(handler, through);
    this.#wheel = wheel;
    wheel.set(this, wheel.refresh() + ms);
  }

  get isReady(): boolean {
    return this.#held.isReady;
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
    this.#wheel.cancel(this);
    this.#held.cancel();
  }

  override onDue(): void {
    this.#held.release();
  }
}
