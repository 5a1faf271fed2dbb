/** Owns the bytes to be sent: one contiguous buffer per turn, from a pool that all connections of a thread share. */

const smallest = 65_536;
const classes = 4;

/** Most octets that a pool keeps for later. */
const kept = 8 << 20;

/** Buffers to write into, so that a connection that rests holds none. */
export class OutputPool {
  readonly #free: Buffer[][] = Array.from({ length: classes }, () => []);
  #octets = 0;

  /** A buffer of at least `size` octets. */
  take(size: number): Buffer {
    for (let c = 0; c < classes; c++) {
      if (smallest << c < size) continue;
      const buffer = this.#free[c]?.pop();
      if (buffer === undefined) return Buffer.allocUnsafeSlow(smallest << c);
      this.#octets -= buffer.length;
      return buffer;
    }
    return Buffer.allocUnsafeSlow(size);
  }

  /** Takes back the memory of a buffer that nobody reads any more, or a part of one. */
  recycle(part: Buffer): void {
    const { buffer } = part;
    const list = this.#free[Math.log2(buffer.byteLength / smallest)];
    if (list === undefined || this.#octets + buffer.byteLength > kept) return;
    this.#octets += buffer.byteLength;
    list.push(Buffer.from(buffer));
  }
}

const none: Buffer = Buffer.alloc(0);

export class Output {
  readonly #pool: OutputPool;
  readonly #onOutput: () => void;
  #announced = false;
  /** The buffer to write to; replaced by `reserve`. */
  bytes: Buffer = none;
  /** Octets written; moved on by who writes. */
  length = 0;
  /** Counts what was taken, so that positions in `bytes` are known to be of this turn. */
  turn = 0;

  /** `onOutput` is called when there will be something to take, once until it is taken. */
  constructor(pool: OutputPool, onOutput: () => void) {
    this.#pool = pool;
    this.#onOutput = onOutput;
  }

  /** Makes room for `octets` more. Returns the position to write at. */
  reserve(octets: number): number {
    const wanted = this.length + octets;
    if (wanted > this.bytes.length) {
      const old = this.bytes;
      this.bytes = this.#pool.take(old.length === 0 ? wanted : Math.max(wanted, 2 * old.length));
      if (old.length > 0) {
        old.copy(this.bytes, 0, 0, this.length);
        this.#pool.recycle(old);
      }
    }
    this.announce();
    return this.length;
  }

  append(bytes: Buffer): void {
    const at = this.reserve(bytes.length);
    bytes.copy(this.bytes, at);
    this.length = at + bytes.length;
  }

  announce(): void {
    if (this.#announced) return;
    this.#announced = true;
    this.#onOutput();
  }

  /** Everything written since the last time; undefined when that is nothing. */
  take(): Buffer | undefined {
    this.#announced = false;
    if (this.length === 0) return undefined;
    const taken = this.bytes.subarray(0, this.length);
    this.bytes = none;
    this.length = 0;
    this.turn++;
    return taken;
  }

  recycle(taken: Buffer): void {
    this.#pool.recycle(taken);
  }

  /** Forgets what was written and not taken. */
  clear(): void {
    this.length = 0;
    this.turn++;
  }
}
