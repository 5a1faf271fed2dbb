/**
 * Owns gzip (RFC 1952) of an answer that is sent piece by piece: each piece is compressed by itself and can be read as soon
 * as it is there, so that readers share what was compressed and none costs a window of its own.
 */
import { constants, crc32, deflateRawSync } from 'node:zlib';

export interface Piece {
  readonly text: string;
  /** The text as `deflatedPiece` made it. */
  readonly deflated: Buffer;
}

/** Whole blocks of DEFLATE up to an octet's end, none of them the last (RFC 1951 section 3.2.3). */
export function deflatedPiece(text: string): Buffer {
  return deflateRawSync(text, { level: 3, finishFlush: constants.Z_SYNC_FLUSH });
}

/** DEFLATE, no fields, no time, an unknown system (RFC 1952 section 2.3). */
const head = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
/** An empty last block. */
const lastBlock = [0x03, 0x00];

/** One answer made of pieces that were compressed before. */
export class Gzip {
  readonly head = head;
  #checksum = 0;
  #length = 0;

  piece({ text, deflated }: Piece): Buffer {
    this.#checksum = crc32(text, this.#checksum);
    this.#length += Buffer.byteLength(text);
    return deflated;
  }

  /** The end of the answer: a reader knows then that it has the whole. */
  get tail(): Buffer {
    const tail = Buffer.from([...lastBlock, 0, 0, 0, 0, 0, 0, 0, 0]);
    tail.writeUInt32LE(this.#checksum, 2);
    tail.writeUInt32LE(this.#length % 2 ** 32, 6);
    return tail;
  }
}
