/** Owns the form of the frames we send (RFC 9113 sections 4.1 and 6). */
import { blockOverhead, fieldOverhead, HpackEncoder } from '../hpack/encoder.ts';
import type { Fields } from './api.ts';
import type { Output } from './output.ts';
import { flag, frameHeaderLength, frameType, smallestMaxFrame } from './protocol.ts';

/** Offset of the flags in a frame. */
export const flagsOffset = 4;

/** Octets of a field that holds a length, at most. */
const lengthField = 32;

/** Largest DATA frame we send, whatever the other side allows: streams take turns by frames. */
const largestData = 65_536;

export class FrameWriter {
  readonly encoder: HpackEncoder;
  readonly #output: Output;
  #maxFrame = smallestMaxFrame;
  #blockAt = 0;

  /** `huffman`: whether header strings are packed. */
  constructor(output: Output, huffman: boolean) {
    this.#output = output;
    this.encoder = new HpackEncoder(huffman);
  }

  /** Longest payload that the other side takes. */
  limitFrames(maxFrame: number): void {
    this.#maxFrame = maxFrame;
  }

  get maxData(): number {
    return Math.min(this.#maxFrame, largestData);
  }

  settings(values: readonly (readonly [id: number, value: number])[]): void {
    let at = this.#frame(values.length * 6, frameType.settings, 0, 0);
    for (const [id, value] of values) {
      at = this.#output.bytes.writeUInt16BE(id, at);
      at = this.#output.bytes.writeUInt32BE(value, at);
    }
  }

  settingsAck(): void {
    this.#frame(0, frameType.settings, flag.ack, 0);
  }

  ping(payload: Uint8Array, ack: boolean): void {
    const at = this.#frame(8, frameType.ping, ack ? flag.ack : 0, 0);
    this.#output.bytes.set(payload, at);
  }

  goaway(lastStream: number, code: number, debug: string): void {
    const at = this.#frame(8 + debug.length, frameType.goaway, 0, 0);
    this.#output.bytes.writeUInt32BE(lastStream, at);
    this.#output.bytes.writeUInt32BE(code, at + 4);
    this.#output.bytes.write(debug, at + 8, 'latin1');
  }

  rstStream(id: number, code: number): void {
    const at = this.#frame(4, frameType.rstStream, 0, id);
    this.#output.bytes.writeUInt32BE(code, at);
  }

  windowUpdate(id: number, increment: number): void {
    const at = this.#frame(4, frameType.windowUpdate, 0, id);
    this.#output.bytes.writeUInt32BE(increment, at);
  }

  /** Makes a DATA frame of `length` octets. Returns where in the output they go. */
  data(id: number, length: number, ends: boolean): number {
    return this.#frame(length, frameType.data, ends ? flag.endStream : 0, id);
  }

  /** Begins a header block whose names and values have at most `octets`, in `count` fields; they go to `encoder`. */
  beginBlock(count: number, octets: number): void {
    const bound = blockOverhead + count * fieldOverhead + octets + lengthField;
    const frames = 1 + Math.floor(bound / smallestMaxFrame);
    this.#blockAt = this.#output.reserve(bound + frames * frameHeaderLength) + frameHeaderLength;
    this.encoder.begin(this.#output.bytes, this.#blockAt);
  }

  /**
   * Ends it: HEADERS, and CONTINUATION where the other side's frames don't hold it (section 6.10). Returns where in
   * the output HEADERS begins.
   */
  endBlock(id: number, ends: boolean): number {
    const { bytes } = this.#output;
    const start = this.#blockAt;
    const max = this.#maxFrame;
    const length = this.encoder.end() - start;
    const further = Math.max(0, Math.ceil(length / max) - 1);
    for (let n = further; n > 0; n--) {
      const from = start + n * max;
      const size = Math.min(max, start + length - from);
      const to = from + n * frameHeaderLength;
      bytes.copyWithin(to, from, from + size);
      const flags = n === further ? flag.endHeaders : 0;
      writeHeader(bytes, to - frameHeaderLength, size, frameType.continuation, flags, id);
    }
    const flags = (ends ? flag.endStream : 0) | (further === 0 ? flag.endHeaders : 0);
    writeHeader(
      bytes,
      start - frameHeaderLength,
      Math.min(length, max),
      frameType.headers,
      flags,
      id,
    );
    this.#output.length = start + length + further * frameHeaderLength;
    return start - frameHeaderLength;
  }

  #frame(length: number, type: number, flags: number, id: number): number {
    const at = this.#output.reserve(frameHeaderLength + length);
    writeHeader(this.#output.bytes, at, length, type, flags, id);
    this.#output.length = at + frameHeaderLength + length;
    return at + frameHeaderLength;
  }
}

/** Octets of all names and values. */
export function octetsOf(fields: Fields): number {
  let octets = 0;
  for (let i = 0; i < fields.length; i++) octets += (fields[i] as string).length;
  return octets;
}

function writeHeader(
  bytes: Buffer,
  at: number,
  length: number,
  type: number,
  flags: number,
  id: number,
): void {
  bytes[at] = length >>> 16;
  bytes[at + 1] = length >>> 8;
  bytes[at + 2] = length;
  bytes[at + 3] = type;
  bytes[at + 4] = flags;
  bytes[at + 5] = id >>> 24;
  bytes[at + 6] = id >>> 16;
  bytes[at + 7] = id >>> 8;
  bytes[at + 8] = id;
}
