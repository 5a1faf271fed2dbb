/** Owns one try of a request: where it went, how long that took, and that the balancer hears once how it ended. */
import type { Held } from '../../balance/breakers.ts';
import type { ServiceBalancer, Target, TryResult } from '../../balance/types.ts';
import type { Call, CallHandler } from '../../message/call.ts';
import type { FailedTry, Fields, ResponseHead } from '../../message/message.ts';
import type { Trail } from '../../observe/trail.ts';

/** Who hears, by the same names, what a try's call tells it: the request, or its hedging while others run beside it. */
export interface Tried {
  onTryInterim(status: number, fields: Fields): boolean;
  onTryResponse(head: ResponseHead, from: Try): void;
  onTryBody(bytes: Buffer): boolean;
  onTryEnd(trailers: Fields): void;
  onTryFailed(failure: FailedTry, from: Try): void;
  onTryDoubted(): void;
  onTryWritable(): void;
  /** Something of ours threw. */
  failedInside(thrown: unknown): void;
}

const noCall: Call = { isReady: true, write: () => true, end() {}, read() {}, cancel() {} };

/** Tells its request of nothing once it is finished. */
export class Try implements CallHandler {
  readonly target: Target;
  readonly startedAt: number;
  /** Set right after it was made. */
  call: Call = noCall;
  /** Milliseconds to the response's head. */
  headMs: number | undefined = undefined;
  /** The response's head, once it is here. */
  head: ResponseHead | undefined = undefined;
  #owner: Tried;
  readonly #balancer: ServiceBalancer;
  readonly #trail: Trail | undefined;
  #isOpen = true;
  /** Present where breakers count it. */
  readonly #held: Held | undefined;

  /** `now`: monotonic milliseconds; `trail`: where the request is looked at; `isRetry`: it is not its request's first. */
  constructor(
    owner: Tried,
    balancer: ServiceBalancer,
    target: Target,
    now: number,
    trail: Trail | undefined,
    isRetry: boolean,
  ) {
    this.#owner = owner;
    this.#balancer = balancer;
    this.#trail = trail;
    this.target = target;
    this.startedAt = now;
    balancer.started(target);
    this.#held = balancer.hold(target, isRetry);
  }

  onInterim(status: number, fields: Fields): boolean {
    return this.#isOpen ? this.#owner.onTryInterim(status, fields) : true;
  }

  onResponse(head: ResponseHead): void {
    if (!this.#isOpen) return;
    this.head = head;
    try {
      this.#owner.onTryResponse(head, this);
    } catch (thrown) {
      this.#owner.failedInside(thrown);
    }
  }

  onBody(bytes: Buffer): boolean {
    return this.#isOpen ? this.#owner.onTryBody(bytes) : true;
  }

  onEnd(trailers: Fields): void {
    if (!this.#isOpen) return;
    try {
      this.#owner.onTryEnd(trailers);
    } catch (thrown) {
      this.#owner.failedInside(thrown);
    }
  }

  onFailed(failure: FailedTry): void {
    if (!this.#isOpen) return;
    try {
      this.#owner.onTryFailed(failure, this);
    } catch (thrown) {
      this.#owner.failedInside(thrown);
    }
  }

  onDoubted(): void {
    if (!this.#isOpen) return;
    try {
      this.#owner.onTryDoubted();
    } catch (thrown) {
      this.#owner.failedInside(thrown);
    }
  }

  onWritable(): void {
    if (this.#isOpen) this.#owner.onTryWritable();
  }

  /** Has another one hear what it tells from here on. */
  handTo(owner: Tried): void {
    this.#owner = owner;
  }

  finish(result: TryResult, now: number): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#held?.letGo();
    this.#trail?.tryOver(this, this.head?.status ?? 0, result);
    this.#balancer.finished(this.target, result, this.headMs ?? now - this.startedAt, now);
  }

  /** Ends a try that nobody waits for any more. */
  cancel(result: TryResult, now: number): void {
    if (!this.#isOpen) return;
    this.finish(result, now);
    this.call.cancel();
  }
}
