/** Owns bodies of a gigabyte in tests: made as they are taken, and counted as they pass. */
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

const piece = Buffer.alloc(1 << 20, 'isthmus ');

/** Counts what has passed. */
export class Meter {
  bytes = 0;

  /** Resolves once it was looked at ten times and nothing had passed: a machine that is busy looks as seldom as it passes. */
  async stalls(): Promise<void> {
    let before = -1;
    for (let quiet = 0; quiet < 10; quiet = before === this.bytes ? quiet + 1 : 0) {
      before = this.bytes;
      await delay(50);
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
