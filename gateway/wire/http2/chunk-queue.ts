/** Owns a stream's octets that wait for window or for their turn, in few blocks however small the pieces. */

const blockSize = 4_096;

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
    let at = from;
    const last = this.#blocks.at(-1);
    this.#length += bytes.length - from;
    if (last !== undefined && this.#filled < last.length) {
      const part = bytes.subarray(at, at + last.length - this.#filled);
      last.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
    }
    if (at === bytes.length) return;
    const rest = bytes.subarray(at);
    const block = Buffer.allocUnsafeSlow(Math.max(blockSize, rest.length));
    block.set(rest, 0);
    this.#blocks.push(block);
    this.#filled = rest.length;
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
        this.#blocks.shift();
        this.#taken = 0;
      }
    }
    this.#length -= octets;
  }

  clear(): void {
    if (this.#length === 0) return;
    this.#blocks.length = 0;
    this.#taken = 0;
    this.#length = 0;
  }
}
