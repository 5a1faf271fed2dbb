/** Owns one try of a request: where it went, how long that took, and that the balancer hears once how it ended. */
import type { ServiceBalancer, Target, TryResult } from '../balance/types.ts';
import type { Call, CallHandler } from './call.ts';
import type { FailedTry, Fields, ResponseHead } from './message.ts';
import type { Trail } from './trail.ts';

/** The request that is tried. */
export interface Tried {
  tryInformed(status: number, fields: Fields): void;
  tryAnswered(head: ResponseHead): void;
  tryReceived(bytes: Buffer): boolean;
  tryEnded(trailers: Fields): void;
  tryFailed(failure: FailedTry): void;
  tryHasRoom(): void;
  /** Something of ours threw. */
  failedInside(thrown: unknown): void;
}

const noCall: Call = { write: () => true, end() {}, read() {}, cancel() {} };

/** Tells its request of nothing once it is finished. */
export class Try implements CallHandler {
  readonly target: Target;
  readonly startedAt: number;
  /** Set right after it was made. */
  call: Call = noCall;
  /** Milliseconds to the response's head. */
  headMs: number | undefined = undefined;
  /** Of the response's head; 0 until there is one. */
  status = 0;
  readonly #owner: Tried;
  readonly #balancer: ServiceBalancer;
  readonly #trail: Trail | undefined;
  #isOpen = true;

  /** `now`: monotonic milliseconds; `trail`: where the request is looked at. */
  constructor(
    owner: Tried,
    balancer: ServiceBalancer,
    target: Target,
    now: number,
    trail: Trail | undefined,
  ) {
    this.#owner = owner;
    this.#balancer = balancer;
    this.#trail = trail;
    this.target = target;
    this.startedAt = now;
    balancer.started(target, now);
  }

  onInterim(status: number, fields: Fields): void {
    if (this.#isOpen) this.#owner.tryInformed(status, fields);
  }

  onHead(head: ResponseHead): void {
    if (!this.#isOpen) return;
    this.status = head.status;
    try {
      this.#owner.tryAnswered(head);
    } catch (thrown) {
      this.#owner.failedInside(thrown);
    }
  }

  onBody(bytes: Buffer): boolean {
    return this.#isOpen ? this.#owner.tryReceived(bytes) : true;
  }

  onEnd(trailers: Fields): void {
    if (!this.#isOpen) return;
    try {
      this.#owner.tryEnded(trailers);
    } catch (thrown) {
      this.#owner.failedInside(thrown);
    }
  }

  onFailed(failure: FailedTry): void {
    if (!this.#isOpen) return;
    try {
      this.#owner.tryFailed(failure);
    } catch (thrown) {
      this.#owner.failedInside(thrown);
    }
  }

  onWritable(): void {
    if (this.#isOpen) this.#owner.tryHasRoom();
  }

  finish(result: TryResult, now: number): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#trail?.tryOver(this.status, result);
    this.#balancer.finished(this.target, result, this.headMs ?? now - this.startedAt, now);
  }

  /** Nobody waits for it any more. */
  cancel(result: TryResult, now: number): void {
    if (!this.#isOpen) return;
    this.finish(result, now);
    this.call.cancel();
  }
}
