/** Owns when a request has waited long enough: for a head, for one try, for anything to move, for all of it. */
import { staleMs } from '../../../../core/timing-wheel.ts';

/**
 * What is up. `head` and `try`: no head came in time; `all`: gRPC's own deadline; `idle`: nothing has moved; `body`:
 * too little of the request's body has come; `continue`: nobody has asked for it.
 */
export type TimeUp = 'head' | 'try' | 'all' | 'idle' | 'body' | 'continue';

/** Times are monotonic milliseconds, as old as `TimingWheel.now` may be; Infinity = no limit. */
export class TimeLimits {
  readonly #idleMs: number;
  #headAt = Infinity;
  #tryAt = Infinity;
  #allAt = Infinity;
  #bodyAt = Infinity;
  #continueAt = Infinity;
  #movedAt: number;

  /** `idleMs` 0 = no limit. */
  constructor(idleMs: number, now: number) {
    this.#idleMs = idleMs === 0 ? Infinity : idleMs + staleMs;
    this.#movedAt = now;
  }

  /** The head is waited for from `now` on, unless it was before; `ms` 0 = as long as it takes. */
  awaitHead(ms: number, now: number): void {
    if (ms > 0 && this.#headAt === Infinity) this.#headAt = now + ms;
  }

  /** A try begins that may take `ms` to the head; 0 = as long as it takes. */
  awaitTry(ms: number, now: number): void {
    this.#tryAt = ms > 0 ? now + ms : Infinity;
  }

  /** The whole request must be over in `ms`. */
  awaitAll(ms: number, now: number): void {
    this.#allAt = now + ms;
  }

  /** Some more of the request's body must come in `ms`; Infinity = nobody waits for it. */
  awaitBody(ms: number, now: number): void {
    this.#bodyAt = now + ms + staleMs;
  }

  /** The body is to be asked for in `ms`; Infinity = nobody waits for that. */
  awaitContinue(ms: number, now: number): void {
    this.#continueAt = now + ms;
  }

  /** The head is there. */
  answered(now: number): void {
    this.#bodyAt = Infinity;
    this.#continueAt = Infinity;
    this.#headAt = Infinity;
    this.#tryAt = Infinity;
    this.#movedAt = now;
  }

  moved(now: number): void {
    this.#movedAt = now;
  }

  /** When the first of them is up. */
  next(): number {
    const idleAt = this.#movedAt + this.#idleMs;
    const tryAt = Math.min(this.#tryAt, this.#continueAt);
    return Math.min(this.#headAt, tryAt, this.#allAt, this.#bodyAt, idleAt);
  }

  /** The limit that is up at `now`, if any. */
  up(now: number): TimeUp | undefined {
    if (now >= this.#headAt) return 'head';
    if (now >= this.#allAt) return 'all';
    if (now >= this.#movedAt + this.#idleMs) return 'idle';
    if (now >= this.#bodyAt) return 'body';
    if (now >= this.#tryAt) return 'try';
    return now >= this.#continueAt ? 'continue' : undefined;
  }
}
