/**
 * Owns the token buckets of a gateway, in memory that its workers share: each request takes its token from the one bucket, whichever
 * worker has it, without waiting for anybody.
 */
import { afterCharge, afterTake, type BucketShape } from './bucket.ts';

/** Buckets that there is room for. Of more, those that will be full soonest are forgotten, which is to say full. */
export const bucketCount = 16_384;
/** Places where a bucket may be. */
const ways = 8;

/** Slots of a bucket: whose it is (0: nobody's), the microsecond at which it is full, and what it gave since that was last collected. */
const slots = { key: 0, fullAt: 1, given: 2, policy: 3 } as const;
const slotCount = 4;

/** Tokens that a bucket gave since the last look. */
export interface Given {
  readonly key: bigint;
  /** The mark of the policy that it is of. */
  readonly policy: number;
  readonly count: number;
}

export class BucketTable {
  /** To be handed to other threads. */
  readonly memory: SharedArrayBuffer;
  readonly #values: BigInt64Array;

  constructor(memory = new SharedArrayBuffer(bucketCount * slotCount * 8)) {
    this.memory = memory;
    this.#values = new BigInt64Array(memory);
  }

  /**
   * Takes a token from the bucket of `key`, which is not 0, and returns when it is full again; where it has none left, that moment
   * negated. `mark`: of its policy, where what it gives is to be collected; else 0.
   */
  take(key: bigint, now: number, shape: BucketShape, mark: number): number {
    const at = this.#place(key, now);
    for (;;) {
      const before = Atomics.load(this.#values, at + slots.fullAt);
      const next = afterTake(Number(before), now, shape);
      if (next === undefined) return -Number(before);
      if (this.#swap(at + slots.fullAt, before, next)) {
        if (mark !== 0) this.#note(at, mark);
        return next;
      }
    }
  }

  /** Puts a token back that was taken for nothing. */
  giveBack(key: bigint, now: number, { tokenUs }: BucketShape, mark: number): void {
    const at = this.#place(key, now);
    Atomics.sub(this.#values, at + slots.fullAt, BigInt(tokenUs));
    if (mark !== 0) Atomics.sub(this.#values, at + slots.given, 1n);
  }

  /** Takes `count` tokens that another gateway gave. */
  charge(key: bigint, now: number, count: number, shape: BucketShape): void {
    const at = this.#place(key, now);
    for (;;) {
      const before = Atomics.load(this.#values, at + slots.fullAt);
      const next = afterCharge(Number(before), now, count, shape);
      if (this.#swap(at + slots.fullAt, before, next)) return;
    }
  }

  /** The tokens given since the last look, by bucket. */
  collect(): Given[] {
    const collected: Given[] = [];
    for (let at = 0; at < this.#values.length; at += slotCount) {
      if (this.#values[at + slots.given] === 0n) continue;
      const count = Number(Atomics.exchange(this.#values, at + slots.given, 0n));
      const key = Atomics.load(this.#values, at + slots.key);
      const policy = Number(Atomics.load(this.#values, at + slots.policy));
      if (count > 0) collected.push({ key, policy, count });
    }
    return collected;
  }

  #note(at: number, mark: number): void {
    Atomics.store(this.#values, at + slots.policy, BigInt(mark));
    Atomics.add(this.#values, at + slots.given, 1n);
  }

  #swap(at: number, before: bigint, next: number): boolean {
    return Atomics.compareExchange(this.#values, at, before, BigInt(next)) === before;
  }

  /**
   * Where the bucket of a key is: its own place, else a free one, else that of the bucket which is full soonest. Two workers that make
   * the same bucket at once may make two of it; the first is found from then on.
   */
  #place(key: bigint, now: number): number {
    const mask = BigInt(bucketCount - 1);
    let soonest = 0;
    let soonestAt = Infinity;
    for (let way = 0; way < ways; way++) {
      const at = Number((key + BigInt(way)) & mask) * slotCount;
      const owner = Atomics.load(this.#values, at + slots.key);
      if (owner === key) return at;
      const fullAt = owner === 0n ? -1 : Number(Atomics.load(this.#values, at + slots.fullAt));
      if (fullAt < soonestAt) {
        soonest = at;
        soonestAt = fullAt;
      }
    }
    Atomics.store(this.#values, soonest + slots.key, key);
    Atomics.store(this.#values, soonest + slots.fullAt, BigInt(now));
    Atomics.store(this.#values, soonest + slots.given, 0n);
    return soonest;
  }
}
