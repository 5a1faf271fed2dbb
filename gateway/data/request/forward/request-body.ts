/** Owns a request body that may have to be sent more than once: a bounded beginning is kept, the rest flows through. */
import type { Call } from '../../message/call.ts';
import type { Fields } from '../../message/message.ts';
import { bodyStepBytes } from '../limit.ts';

/**
 * Most of a body kept for another try, in bytes: what goes to another gateway before that asks for more (`linkServerOptions`), and
 * the read that goes beyond it.
 */
export const replayLimit = 128 * 1024;

export class RequestBody {
  /** All octets that came; undefined once they are too many, or not needed any more. */
  #kept: Buffer[] | undefined = [];
  #trailers: Fields = [];
  #received = 0;
  #isWhole = false;

  /** Bytes so far. */
  get received(): number {
    return this.#received;
  }

  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Whether another try could still send all of it. */
  get replayable(): boolean {
    return this.#kept !== undefined;
  }

  /** A piece came; what is kept of it is a copy. True: with it the body has made another step. */
  take(bytes: Buffer): boolean {
    const steps = Math.floor(this.#received / bodyStepBytes);
    this.#received += bytes.length;
    if (this.#received > replayLimit) this.#kept = undefined;
    this.#kept?.push(Buffer.from(bytes));
    return Math.floor(this.#received / bodyStepBytes) > steps;
  }

  finish(trailers: Fields): void {
    this.#isWhole = true;
    this.#trailers = trailers;
  }

  /** Sends what has come so far. False: the call wants no more for now, or can't take more yet. */
  replayTo(call: Call): boolean {
    let goesOn = call.isReady;
    for (const bytes of this.#kept ?? []) goesOn = call.write(bytes) && goesOn;
    if (this.#isWhole) call.end(this.#trailers);
    return goesOn;
  }

  /** No other try will need it. */
  forget(): void {
    this.#kept = undefined;
  }
}
