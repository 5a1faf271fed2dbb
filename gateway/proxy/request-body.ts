/** Owns a request body that may have to be sent more than once: a bounded beginning is kept, the rest flows through. */
import type { Call } from './call.ts';
import { bodyStepBytes } from './limit.ts';
import type { Fields } from './message.ts';

/** Most of a body kept for another try, in bytes. */
export const replayLimit = 64 * 1024;

export class RequestBody {
  /** All that came; undefined once that is too much, or not needed any more. */
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

  /** Sends what has come so far. False: the call wants no more for now. */
  replayTo(call: Call): boolean {
    let goesOn = true;
    for (const bytes of this.#kept ?? []) goesOn = call.write(bytes);
    if (this.#isWhole) call.end(this.#trailers);
    return goesOn;
  }

  /** No other try will need it. */
  forget(): void {
    this.#kept = undefined;
  }
}
