/** Owns when a request has waited long enough: for a head, for one try, for anything to move, for all of it. */
import { staleMs, Timed, type TimingWheel } from '../../../../core/timing-wheel.ts';

/**
 * The limit that is up. `head` and `try`: no head came in time, or between two tries the pause is over; `all`: the client's own deadline;
 * `idle`: nothing has moved; `body`: too little of the request's body has come; `continue`: nobody has asked for it.
 */
export type TimeUp = 'head' | 'try' | 'all' | 'idle' | 'body' | 'continue';

/** The request whose limits they are. */
export interface Limited {
  /** `now`: monotonic milliseconds. */
  onTimeUp(up: TimeUp, now: number): void;
}

/**
 * Limits that are set, or moved, hold once `schedule` is called. Times are monotonic milliseconds, as old as `TimingWheel.now` may be;
 * Infinity = no limit.
 */
export class TimeLimits extends Timed {
  readonly #wheel: TimingWheel;
  /** Until it is over. */
  #owner: Limited | undefined;
  readonly #idleMs: number;
  #headAt = Infinity;
  #tryAt = Infinity;
  #allAt = Infinity;
  /** For the body, or for somebody to ask for it: never both. */
  #bodyAt = Infinity;
  #isBodyUnasked = false;
  #movedAt: number;

  /** `idleMs` 0 = no limit. */
  constructor(owner: Limited, wheel: TimingWheel, idleMs: number) {
    super();
    this.#owner = owner;
    this.#wheel = wheel;
    this.#idleMs = idleMs === 0 ? Infinity : idleMs + staleMs;
    this.#movedAt = wheel.now;
  }

  /** The head is waited for from now on, unless it was before; `ms` 0 = as long as it takes. */
  awaitHead(ms: number): void {
    if (ms > 0 && this.#headAt === Infinity) this.#headAt = this.#wheel.now + ms;
  }

  /** A try begins that may take `ms` to the head; 0 = as long as it takes. */
  awaitTry(ms: number): void {
    this.#tryAt = ms > 0 ? this.#wheel.now + ms : Infinity;
  }

  /** No try is under way; the next one is to begin in `ms`. */
  pause(ms: number): void {
    this.#tryAt = this.#wheel.now + ms;
  }

  /** The whole request must be over in `ms`; Infinity = it may take as long as it takes. */
  awaitAll(ms: number): void {
    this.#allAt = this.#wheel.now + ms;
  }

  /** Some more of the request's body must come in `ms`. */
  awaitBody(ms: number): void {
    this.#isBodyUnasked = false;
    this.#bodyAt = this.#wheel.now + ms + staleMs;
  }

  /** The body is to be asked for in `ms`. */
  awaitContinue(ms: number): void {
    this.#isBodyUnasked = true;
    this.#bodyAt = this.#wheel.now + ms;
  }

  /** Nobody waits for the body to come, or for somebody to ask for it. */
  leaveBody(): void {
    this.#bodyAt = Infinity;
  }

  /** Whoever was to ask for the body is not waited for any more. */
  leaveContinue(): void {
    if (this.#isBodyUnasked) this.#bodyAt = Infinity;
  }

  /** The head is there. */
  answered(): void {
    this.#bodyAt = Infinity;
    this.#headAt = Infinity;
    this.#tryAt = Infinity;
    this.moved();
  }

  moved(): void {
    this.#movedAt = this.#wheel.now;
  }

  schedule(): void {
    if (this.#owner !== undefined) this.#wheel.set(this, this.soonest());
  }

  /** Nothing is limited from here on. */
  end(): void {
    this.#owner = undefined;
    this.#wheel.cancel(this);
  }

  override onDue(): void {
    const { now } = this.#wheel;
    const up = this.up(now);
    if (up === undefined) this.schedule();
    else this.#owner?.onTimeUp(up, now);
  }

  /** When the first of them is up. */
  soonest(): number {
    const idleAt = this.#movedAt + this.#idleMs;
    return Math.min(this.#headAt, this.#tryAt, this.#allAt, this.#bodyAt, idleAt);
  }

  /** The limit that is up at `now`, if any. */
  up(now: number): TimeUp | undefined {
    if (now >= this.#headAt) return 'head';
    if (now >= this.#allAt) return 'all';
    if (now >= this.#movedAt + this.#idleMs) return 'idle';
    if (now >= this.#bodyAt && !this.#isBodyUnasked) return 'body';
    if (now >= this.#tryAt) return 'try';
    return now >= this.#bodyAt ? 'continue' : undefined;
  }
}
