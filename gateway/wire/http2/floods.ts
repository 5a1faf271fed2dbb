/** Owns what a peer may do that costs us more than it: break streams, and send frames that carry nothing. */
import { Allowance } from './allowance.ts';
import type { ConnectionOptions } from './options.ts';

/** What a SETTINGS frame costs in idle frames: each may touch every stream. */
export const settingsCost = 20;
/** Idle frames that are earned back by a DATA frame received, a head received, and a DATA frame sent. */
const earnedByData = 1;
const earnedByHead = 4;
const earnedBySending = 4;

export class Floods {
  readonly #broken: Allowance;
  readonly #idle: Allowance;
  #sentBefore = 0;

  constructor({ brokenStreams, idleFrames }: ConnectionOptions) {
    this.#broken = new Allowance(brokenStreams);
    this.#idle = new Allowance(idleFrames);
  }

  /** A stream was broken. False when it is one too many. */
  broken(now: number): boolean {
    return this.#broken.spend(1, now);
  }

  /** A frame that carries nothing came. False when it is one too many. */
  idle(cost: number, now: number): boolean {
    return this.#idle.spend(cost, now);
  }

  data(): void {
    this.#idle.earn(earnedByData);
  }

  head(): void {
    this.#idle.earn(earnedByHead);
  }

  /** So many DATA frames were sent up to now: their receiver widens windows for them. */
  sent(frames: number): void {
    this.#idle.earn((frames - this.#sentBefore) * earnedBySending);
    this.#sentBefore = frames;
  }
}
