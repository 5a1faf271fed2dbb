/** Owns hashing for the consistent algorithms: not secret, only well mixed, and the same at every gateway. */
import { type Hash64, xxHash64 } from './xx-hash.ts';

/** MurmurHash3's 32-bit finalizer: every bit of `value` reaches every bit of the result. */
export function mix32(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** xxHash64 of a text's UTF-8. */
export function hash64(text: string, seed = 0): Hash64 {
  return xxHash64(Buffer.from(text), seed);
}

/** Its upper half. */
export function hash32(text: string): number {
  return hash64(text).high;
}
