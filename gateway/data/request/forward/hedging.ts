/**
 * Owns the hedges of one request: tries beside the one under way, begun while that is not answered. The first good answer wins, and the
 * others are given up, which says nothing of their targets.
 */
import { Timed, type TimingWheel } from '../../../../core/timing-wheel.ts';
import type { HedgePolicy } from '../../../../policy/traffic/hedge.ts';
import type { TryResult } from '../../balance/types.ts';
import type { FailedTry, ResponseHead } from '../../message/message.ts';
import { resultOfFailure } from '../retry/outcome.ts';
import { saysNothing } from '../retry.ts';
import type { Tried, Try } from './try.ts';

/** The tries of the request. */
interface Hedged {
  /** Whether a try is under way that one more may run beside. */
  readonly isUnderWay: boolean;
  /** One more, not sent yet, where the policy lets it and there is a place for it; it tells `hedging` what it hears. */
  beside(hedging: Tried): Try | undefined;
  sendTo(rival: Try): void;
  /** How a try is over by its answer, where that is not good enough to give up others for it. */
  resultBeside(rival: Try, head: ResponseHead): TryResult | undefined;
  /** It takes the place of the one under way. */
  won(rival: Try): void;
}

export class Hedging extends Timed implements Tried {
  readonly #tries: Hedged;
  /** The request: it hears whatever wins. */
  readonly #owner: Tried;
  readonly #policy: HedgePolicy;
  readonly #wheel: TimingWheel;
  /** The hedges under way, in the order in which they began. */
  readonly #rivals: Try[] = [];
  #isOver = false;

  constructor(tries: Hedged, owner: Tried, policy: HedgePolicy, wheel: TimingWheel) {
    super();
    this.#tries = tries;
    this.#owner = owner;
    this.#policy = policy;
    this.#wheel = wheel;
  }

  get isRacing(): boolean {
    return this.#rivals.length > 0;
  }

  /** The request is whole, and its answer is waited for. */
  start(): void {
    if (!this.#isOver) this.#wheel.set(this, this.#wheel.now + this.#policy.delayMs);
  }

  override onDue(): void {
    try {
      if (this.#tries.isUnderWay) this.#begin();
      if (this.#rivals.length + 1 < this.#policy.maxTries) this.start();
    } catch (thrown) {
      this.#owner.failedInside(thrown);
    }
  }

  /** The oldest hedge, which runs on in the place of a try that is over. */
  promote(): Try | undefined {
    const rival = this.#rivals.shift();
    rival?.handTo(this.#owner);
    return rival;
  }

  /** None is begun any more, and those under way are given up. */
  stop(result: TryResult = 'abandoned'): void {
    this.#isOver = true;
    this.#wheel.cancel(this);
    for (const rival of this.#rivals.splice(0)) rival.cancel(result, this.#wheel.refresh());
  }

  onTryResponse(head: ResponseHead, from: Try): void {
    const result = this.#tries.resultBeside(from, head);
    this.#drop(from);
    if (result !== undefined) {
      from.cancel(result, this.#wheel.now);
      return;
    }
    from.handTo(this.#owner);
    this.#tries.won(from);
    this.#owner.onTryResponse(head, from);
  }

  onTryFailed(failure: FailedTry, from: Try): void {
    this.#drop(from);
    const result = saysNothing(failure) ? 'abandoned' : resultOfFailure(failure);
    from.finish(result, this.#wheel.refresh());
  }

  failedInside(thrown: unknown): void {
    this.#owner.failedInside(thrown);
  }

  // What comes before a head is nothing to a client that may be answered by another; its request is whole.
  onTryInterim(): boolean {
    return true;
  }

  onTryBody(): boolean {
    return true;
  }

  onTryEnd(): void {}

  onTryDoubted(): void {}

  onTryWritable(): void {}

  #begin(): void {
    const rival = this.#tries.beside(this);
    if (rival === undefined) return;
    this.#rivals.push(rival);
    this.#tries.sendTo(rival);
  }

  #drop(rival: Try): void {
    const at = this.#rivals.indexOf(rival);
    if (at >= 0) this.#rivals.splice(at, 1);
  }
}
