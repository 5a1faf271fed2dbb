/** Owns a stream's octets that wait for window or for their turn, in few blocks however small the pieces, used again and again. */

/** For streams with little that waits. */
const smallBlock = 4_096;
const largeBlock = 16_384;

/** Most large blocks kept for later. */
const maxSpare = 256;

const spare: Buffer[] = [];

function take(octets: number): Buffer {
  if (octets <= smallBlock) return Buffer.allocUnsafeSlow(smallBlock);
  return spare.pop() ?? Buffer.allocUnsafeSlow(largeBlock);
}

function release(block: Buffer): void {
  if (block.length === largeBlock && spare.length < maxSpare) spare.push(block);
}

export class ChunkQueue {
  readonly #blocks: Buffer[] = [];
  /** Octets used of the last block, and taken of the first. */
  #filled = 0;
  #taken = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Appends a copy of `bytes` from `from` on. */
  push(bytes: Uint8Array, from: number): void {
    this.#length += bytes.length - from;
    let at = from;
    let block = this.#blocks.at(-1);
    while (at < bytes.length) {
      if (block === undefined || this.#filled === block.length) {
        block = take(bytes.length - at);
        this.#blocks.push(block);
        this.#filled = 0;
      }
      const octets = Math.min(bytes.length - at, block.length - this.#filled);
      block.set(bytes.subarray(at, at + octets), this.#filled);
      this.#filled += octets;
      at += octets;
    }
  }

  /** Moves the first `octets` to `target` at `at`. */
  moveTo(target: Buffer, at: number, octets: number): void {
    let left = octets;
    while (left > 0) {
      const block = this.#blocks[0] as Buffer;
      const end = this.#blocks.length === 1 ? this.#filled : block.length;
      const part = Math.min(left, end - this.#taken);
      block.copy(target, at + octets - left, this.#taken, this.#taken + part);
      this.#taken += part;
      left -= part;
      if (this.#taken === end) {
        release(block);
        this.#blocks.shift();
        this.#taken = 0;
      }
    }
    this.#length -= octets;
  }

  clear(): void {
    for (const block of this.#blocks) release(block);
    this.#blocks.length = 0;
    this.#taken = 0;
    this.#length = 0;
  }
}
