/** Owns bodies of a gigabyte in tests: made as they are taken, and counted as they pass. */
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

const piece = Buffer.alloc(1 << 20, 'isthmus ');

/** Counts what has passed. */
export class Meter {
  bytes = 0;

  /** Resolves once nothing has passed for half a second. */
  async stalls(): Promise<void> {
    for (let before = -1; before !== this.bytes; ) {
      before = this.bytes;
      await delay(500);
    }
  }

  /** Reads a stream to its end. */
  async drain(stream: AsyncIterable<Buffer>): Promise<void> {
    for await (const chunk of stream) this.bytes += chunk.length;
  }
}

/** A body of `bytes`; `meter` counts what was taken of it. */
export function bulk(bytes: number, meter: Meter): Readable {
  function* pieces() {
    for (let left = bytes; left > 0; left -= piece.length) {
      const next = left < piece.length ? piece.subarray(0, left) : piece;
      meter.bytes += next.length;
      yield next;
    }
  }
  return Readable.from(pieces(), { highWaterMark: 1 });
}
