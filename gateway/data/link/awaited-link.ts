/** Owns requests that come when the last link to a cluster was lost just now: they wait for the next, and not for long. */
import type { Clock } from '../../../core/clock.ts';
import type { Call, CallHandler } from '../message/call.ts';
import type { OutgoingRequest } from '../message/message.ts';
import { FailedCall } from '../upstream/failed-call.ts';
import { HeldCall } from '../upstream/held-call.ts';
import type { LinkSession } from './session.ts';

interface AwaitedLinkOptions {
  /** For messages. */
  readonly cluster: string;
  readonly clock: Clock;
  /** The session for the next request, if there is one. */
  best(): LinkSession | undefined;
}

/**
 * How long after the loss the last of them fails, in milliseconds: several times what links to a cluster that lives take to be made
 * again, by a gateway that was paused or where the only one over there has restarted.
 */
const patienceMs = 1_000;

export class AwaitedLink {
  readonly #options: AwaitedLinkOptions;
  readonly #waiting = new Set<HeldCall>();
  /** Until then requests wait, monotonic milliseconds. */
  #until = 0;
  #cancel = (): void => {};

  constructor(options: AwaitedLinkOptions) {
    this.#options = options;
  }

  /** There is none any more, from now on. */
  lost(): void {
    this.#until = this.#options.clock.monotonic() + patienceMs;
  }

  /** There is one again. */
  found(): void {
    this.#cancel();
    this.#until = 0;
    for (const call of this.#taken()) call.release();
  }

  /** There will be none: who waits is told so. */
  close(): void {
    this.#cancel();
    this.#until = 0;
    this.#giveUp();
  }

  /** Sends a request once there is a link; fails it at once where there was none for too long. */
  call(request: OutgoingRequest, handler: CallHandler): Call {
    const { clock } = this.#options;
    const leftMs = this.#until - clock.monotonic();
    if (leftMs <= 0) return this.#failed(handler);
    const call = new HeldCall(
      handler,
      () => this.#options.best()?.call(request, handler) ?? this.#failed(handler),
    );
    if (this.#waiting.size === 0) this.#cancel = clock.after(leftMs, () => this.#giveUp());
    this.#waiting.add(call);
    return call;
  }

  #giveUp(): void {
    for (const call of this.#taken()) call.fail(this.#what, 'NO_HEALTHY_ENDPOINT');
  }

  #taken(): readonly HeldCall[] {
    const taken = [...this.#waiting];
    this.#waiting.clear();
    return taken;
  }

  #failed(handler: CallHandler): Call {
    return new FailedCall(handler, { sent: 'no', code: 'NO_HEALTHY_ENDPOINT', what: this.#what });
  }

  get #what(): string {
    return `No link to ${this.#options.cluster} is up`;
  }
}
