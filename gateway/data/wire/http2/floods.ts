/** Owns the allowances for acts that cost us more than the peer: breaking streams, and sending frames that carry nothing. */
import { Allowance } from './allowance.ts';
import type { ConnectionOptions } from './options.ts';

/** Idle frames that a SETTINGS frame counts for: each may touch every stream. */
export const settingsCost = 20;
/** Idle frames that are earned back by a DATA frame received, a head received, and a DATA frame sent. */
const earnedByData = 1;
const earnedByHead = 4;
const earnedBySending = 4;

export class Floods {
  readonly #broken: Allowance;
  readonly #idle: Allowance;
  readonly #endsWhenBroken: boolean;
  #sentBefore = 0;

  constructor({ brokenStreams, whenTooManyBroken, idleFrames }: ConnectionOptions) {
    this.#broken = new Allowance(brokenStreams);
    this.#idle = new Allowance(idleFrames);
    this.#endsWhenBroken = whenTooManyBroken === 'end';
  }

  /** A stream was broken. False when it is one too many for the connection. */
  broken(now: number): boolean {
    return this.#broken.spend(1, now) || !this.#endsWhenBroken;
  }

  /** Whether so many were broken lately that no new one is to be taken. */
  hasTooManyBroken(now: number): boolean {
    return !this.#broken.has(now);
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
