/** Owns when a request has waited long enough: for a head, for one try, for anything to move, for all of it. */
import { staleMs } from './sweep.ts';

/**
 * What is up. `head` and `try`: no head came in time; `all`: gRPC's own deadline; `idle`: nothing has moved; `body`:
 * too little of the request's body has come.
 */
export type TimeUp = 'head' | 'try' | 'all' | 'idle' | 'body';

/** Times are monotonic milliseconds, as old as `Sweep.now` may be; Infinity = no limit. */
export class TimeLimits {
  readonly #idleMs: number;
  #headAt = Infinity;
  #tryAt = Infinity;
  #allAt = Infinity;
  #bodyAt = Infinity;
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

  /** All must be over in `ms`. */
  awaitAll(ms: number, now: number): void {
    this.#allAt = now + ms;
  }

  /** Some more of the request's body must come in `ms`; Infinity = nobody waits for it. */
  awaitBody(ms: number, now: number): void {
    this.#bodyAt = now + ms + staleMs;
  }

  /** The head is there. */
  answered(now: number): void {
    this.#bodyAt = Infinity;
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
    return Math.min(this.#headAt, this.#tryAt, this.#allAt, this.#bodyAt, idleAt);
  }

  /** What is up at `now`. */
  up(now: number): TimeUp | undefined {
    if (now >= this.#headAt) return 'head';
    if (now >= this.#allAt) return 'all';
    if (now >= this.#movedAt + this.#idleMs) return 'idle';
    if (now >= this.#bodyAt) return 'body';
    return now >= this.#tryAt ? 'try' : undefined;
  }
}
