/** Owns a request body on its way through: its size, its pace, and a bounded beginning that is kept to be sent once more. */
import type { Call } from '../../message/call.ts';
import type { Fields, RequestHead } from '../../message/message.ts';
import { bodyStepBytes, type ProxyLimits } from '../limit.ts';
import type { TimeLimits } from './time-limits.ts';

/**
 * Most of a body kept for another try, in bytes: what goes to another gateway before that asks for more (`linkServerOptions`), and
 * the read that goes beyond it.
 */
export const replayLimit = 128 * 1024;

export class RequestBody {
  readonly #bounds: Pick<ProxyLimits, 'maxBodyBytes' | 'bodyMs'>;
  /** Absent where it has no pace to keep: it does not announce its length, and may have nothing to say for a while, or the request is answered. */
  #limits: Pick<TimeLimits, 'awaitBody' | 'schedule'> | undefined;
  /** All octets that came; undefined once they are too many, or not needed any more. */
  #kept: Buffer[] | undefined = [];
  /** Once it is whole. */
  #trailers: Fields | undefined;
  #received = 0;

  /** `bounds` may change in place; `limits`: those of the request. */
  constructor(
    bounds: Pick<ProxyLimits, 'maxBodyBytes' | 'bodyMs'>,
    limits: Pick<TimeLimits, 'awaitBody' | 'schedule'>,
    length: RequestHead['bodyLength'],
  ) {
    this.#bounds = bounds;
    this.#limits = typeof length === 'number' ? limits : undefined;
  }

  /** Bytes so far. */
  get received(): number {
    return this.#received;
  }

  /** Whether another try could still send all of it. */
  get replayable(): boolean {
    return this.#kept !== undefined;
  }

  /** A piece came; what is kept of it is a copy. False: with it the body is larger than it may be. */
  take(bytes: Buffer): boolean {
    const { maxBodyBytes } = this.#bounds;
    const steps = Math.floor(this.#received / bodyStepBytes);
    this.#received += bytes.length;
    if (this.#received > replayLimit) this.#kept = undefined;
    this.#kept?.push(Buffer.from(bytes));
    if (Math.floor(this.#received / bodyStepBytes) > steps) this.awaitMore();
    return maxBodyBytes === 0 || this.#received <= maxBodyBytes;
  }

  /** The time for its next step begins: it is read now, or has just made a step. */
  awaitMore(): void {
    const { bodyMs } = this.#bounds;
    if (this.#limits === undefined || this.#trailers !== undefined || bodyMs === 0) return;
    this.#limits.awaitBody(bodyMs);
    this.#limits.schedule();
  }

  finish(trailers: Fields): void {
    this.#trailers = trailers;
  }

  /** Sends what has come so far. False: the call wants no more for now, or can't take more yet. */
  replayTo(call: Call): boolean {
    let goesOn = call.isReady;
    for (const bytes of this.#kept ?? []) goesOn = call.write(bytes) && goesOn;
    if (this.#trailers !== undefined) call.end(this.#trailers);
    return goesOn;
  }

  /** The request is answered: no other try will need the body, and it may take its time. */
  forget(): void {
    this.#kept = undefined;
    this.#limits = undefined;
  }
}
