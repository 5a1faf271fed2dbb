/** Owns randomness in tests that can be had again: a generator that says its seed. */
import { randomInt } from 'node:crypto';

export interface Random {
  readonly seed: number;
  /** A whole number from 0 up to, and without, `end`. */
  below(end: number): number;
  octets(length: number): Buffer;
}

/** mulberry32, by Tommy Ettinger; every seed of 32 bits gives another sequence. */
export function seeded(seed: number = randomInt(2 ** 32)): Random {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (end: number) => next() % end;
  return {
    seed,
    below,
    octets: (length) => Buffer.from(Array.from({ length }, () => below(256))),
  };
}
