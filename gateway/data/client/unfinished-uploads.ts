/** Owns the time limit on the rest of requests that were answered before they were whole: then their clients are told that it is not wanted. */

import { Timed, type TimingWheel } from '../../../core/timing-wheel.ts';
import type { Http2Server } from '../wire/http2/server.ts';

/**
 * A client that is reset before it has looked at the answer may never do so; what is nearly whole may as well come to its
 * end. In milliseconds.
 */
const goOnMs = 500;

/** The unfinished uploads of one connection. */
export class UnfinishedUploads extends Timed {
  readonly #server: Http2Server;
  readonly #wheel: TimingWheel;
  /** Numbers of streams, each followed by when its time is up. */
  readonly #waiting: number[] = [];

  constructor(server: Http2Server, wheel: TimingWheel) {
    super();
    this.#server = server;
    this.#wheel = wheel;
  }

  add(id: number): void {
    const dueAt = this.#wheel.refresh() + goOnMs;
    this.#waiting.push(id, dueAt);
    if (this.#waiting.length === 2) this.#wheel.set(this, dueAt);
  }

  override onDue(): void {
    const { now } = this.#wheel;
    let at = 0;
    for (; at < this.#waiting.length && (this.#waiting[at + 1] as number) <= now; at += 2) {
      this.#server.giveUp(this.#waiting[at] as number);
    }
    this.#waiting.splice(0, at);
    const [, next] = this.#waiting;
    if (next !== undefined) this.#wheel.set(this, next);
  }
}
