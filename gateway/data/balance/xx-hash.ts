/** Owns xxHash64, by its specification (xxhash_spec.md), in halves of 32 bits: a request's key costs no BigInt. */

/** Unsigned halves. */
export interface Hash64 {
  readonly high: number;
  readonly low: number;
}

/** 64 bits that are calculated with in place, modulo 2^64. */
class Word {
  high = 0;
  low = 0;

  set({ high, low }: Hash64): this {
    this.high = high | 0;
    this.low = low | 0;
    return this;
  }

  add(high: number, low: number): this {
    const sum = (this.low >>> 0) + (low >>> 0);
    this.low = sum | 0;
    this.high = (this.high + high + (sum > 0xffff_ffff ? 1 : 0)) | 0;
    return this;
  }

  /** Schoolbook, by 16 bits, where the product of the low halves carries over into the high one. */
  multiply({ high, low }: Hash64): this {
    const a0 = this.low & 0xffff;
    const a1 = this.low >>> 16;
    const b0 = low & 0xffff;
    const b1 = low >>> 16;
    const least = a0 * b0;
    const middle = a1 * b0 + (least >>> 16);
    const other = a0 * b1 + (middle & 0xffff);
    const carried = a1 * b1 + (middle >>> 16) + (other >>> 16);
    this.high = (carried + Math.imul(this.high, low) + Math.imul(this.low, high)) | 0;
    this.low = (other << 16) | (least & 0xffff);
    return this;
  }

  /** By 1 to 31 bits. */
  rotateLeft(bits: number): this {
    const { high, low } = this;
    this.high = (high << bits) | (low >>> (32 - bits));
    this.low = (low << bits) | (high >>> (32 - bits));
    return this;
  }

  xor(high: number, low: number): this {
    this.high ^= high;
    this.low ^= low;
    return this;
  }

  /** Its own upper bits upon the lower ones, `bits` further down: 1 to 63. */
  xorShifted(bits: number): this {
    const { high, low } = this;
    if (bits >= 32) return this.xor(0, high >>> (bits - 32));
    return this.xor(high >>> bits, (low >>> bits) | (high << (32 - bits)));
  }
}

const prime1: Hash64 = { high: 0x9e3779b1, low: 0x85ebca87 };
const prime2: Hash64 = { high: 0xc2b2ae3d, low: 0x27d4eb4f };
const prime3: Hash64 = { high: 0x165667b1, low: 0x9e3779f9 };
const prime4: Hash64 = { high: 0x85ebca77, low: 0xc2b2ae63 };
const prime5: Hash64 = { high: 0x27d4eb2f, low: 0x165667c5 };

const stripe = 32;
// Used by one call after another; none of them waits.
const lanes = [new Word(), new Word(), new Word(), new Word()] as const;
const sum = new Word();
const scratch = new Word();
const second = new Word();

/** `seed`: an unsigned number of 32 bits, the lower half of one of 64. */
export function xxHash64(bytes: Uint8Array, seed = 0): Hash64 {
  const { length } = bytes;
  let at = 0;
  if (length >= stripe) {
    lanes[0].set(prime1).add(prime2.high, prime2.low).add(0, seed);
    lanes[1].set(prime2).add(0, seed);
    lanes[2].set({ high: 0, low: seed });
    lanes[3].set({ high: 0, low: seed }).add(~prime1.high, ~prime1.low).add(0, 1);
    for (; at + stripe <= length; at += stripe) {
      for (const [i, lane] of lanes.entries()) round(lane, bytes, at + 8 * i);
    }
    merge(lanes);
  } else sum.set(prime5).add(0, seed);
  sum.add(0, length);
  for (; at + 8 <= length; at += 8) {
    round(scratch.set({ high: 0, low: 0 }), bytes, at);
    sum.xor(scratch.high, scratch.low).rotateLeft(27).multiply(prime1).add(prime4.high, prime4.low);
  }
  if (at + 4 <= length) {
    scratch.set({ high: 0, low: word32(bytes, at) }).multiply(prime1);
    sum.xor(scratch.high, scratch.low).rotateLeft(23).multiply(prime2).add(prime3.high, prime3.low);
    at += 4;
  }
  for (; at < length; at++) {
    scratch.set({ high: 0, low: bytes[at] ?? 0 }).multiply(prime5);
    sum.xor(scratch.high, scratch.low).rotateLeft(11).multiply(prime1);
  }
  sum.xorShifted(33).multiply(prime2).xorShifted(29).multiply(prime3).xorShifted(32);
  return { high: sum.high >>> 0, low: sum.low >>> 0 };
}

/** The value of a hash modulo a number of at most 24 bits. */
export function modulo({ high, low }: Hash64, divisor: number): number {
  return ((high % divisor) * (2 ** 32 % divisor) + (low % divisor)) % divisor;
}

/** Takes 8 bytes into a lane. */
function round(lane: Word, bytes: Uint8Array, at: number): void {
  const input = lane === scratch ? second : scratch;
  input.set({ high: word32(bytes, at + 4), low: word32(bytes, at) }).multiply(prime2);
  lane.add(input.high, input.low).rotateLeft(31).multiply(prime1);
}

function merge([a, b, c, d]: typeof lanes): void {
  sum.set(a).rotateLeft(1);
  for (const [lane, bits] of [
    [b, 7],
    [c, 12],
    [d, 18],
  ] as const) {
    scratch.set(lane).rotateLeft(bits);
    sum.add(scratch.high, scratch.low);
  }
  for (const lane of [a, b, c, d]) {
    scratch.set(lane).multiply(prime2).rotateLeft(31).multiply(prime1);
    sum.xor(scratch.high, scratch.low).multiply(prime1).add(prime4.high, prime4.low);
  }
}

/** Little-endian. */
function word32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  );
}
