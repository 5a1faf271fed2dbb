/** Owns sending bodies: within both windows, a frame a turn for each stream that waits (RFC 9113 section 5.2). */
import type { Fields } from './api.ts';
import { ChunkQueue } from './chunk-queue.ts';
import { type FrameWriter, flagsOffset, octetsOf } from './frame-writer.ts';
import type { Output } from './output.ts';
import { flag, frameHeaderLength, initialWindow, max31 } from './protocol.ts';
import { writeFields } from './sent-fields.ts';
import type { Stream } from './stream.ts';

interface SenderOptions {
  /** Octets in the output at which DATA waits for the next turn. */
  readonly turnSize: number;
  /** Octets a stream may have waiting before `write` says stop. */
  readonly sendBuffer: number;
  /** The same as long as the stream's window was not widened. */
  readonly sendBufferAtFirst: number;
  /** Octets of the connection's window that only small pieces may use. */
  readonly windowForSmall: number;
  /** Our side of a stream has ended, and that has been written. */
  onSentEnd(stream: Stream): void;
}

/** Up to this many octets don't wait behind large bodies. */
const smallPiece = 16_384;

export class Sender {
  readonly #output: Output;
  readonly #writer: FrameWriter;
  readonly #options: SenderOptions;
  #window = initialWindow;
  /** The window as it was at its widest: of a narrow one less is kept for small pieces. */
  #widest = initialWindow;
  #kept: number;
  /** Streams with something waiting and window for it, in turn. */
  #first: Stream | undefined;
  #last: Stream | undefined;
  /** DATA frames made so far. */
  frames = 0;

  constructor(output: Output, writer: FrameWriter, options: SenderOptions) {
    this.#output = output;
    this.#writer = writer;
    this.#options = options;
    this.#kept = Math.min(options.windowForSmall, this.#widest >> 2);
  }

  /** False when enough is waiting. */
  write(stream: Stream, bytes: Uint8Array, ends: boolean): boolean {
    stream.ending = ends;
    if (stream.queued === 0 && bytes.length === 0) {
      if (ends) this.#end(stream);
      return true;
    }
    // Whoever waits comes first, but for what is soon sent.
    const small = bytes.length <= smallPiece;
    const direct = stream.queued === 0 && (small || this.#first === undefined);
    const sent = direct ? this.#sendNow(stream, bytes, ends, small ? 0 : this.#kept) : 0;
    if (sent === bytes.length) return true;
    stream.queue ??= new ChunkQueue();
    stream.queue.push(bytes, sent);
    this.#line(stream);
    const { sendBuffer, sendBufferAtFirst } = this.#options;
    if (stream.queued < sendBuffer && (stream.isWidened || stream.queued < sendBufferAtFirst)) {
      return true;
    }
    stream.wantsWritable = true;
    return false;
  }

  trailers(stream: Stream, fields: Fields): void {
    stream.ending = true;
    stream.queuedTrailers = fields;
    if (stream.queued === 0) this.#end(stream);
  }

  /** Widens the connection's window. False when it would overflow. */
  widen(by: number): boolean {
    this.#window += by;
    if (this.#window > this.#widest) {
      this.#widest = this.#window;
      this.#kept = Math.min(this.#options.windowForSmall, this.#widest >> 2);
    }
    if (this.#first !== undefined) this.#output.announce();
    return this.#window <= max31;
  }

  /** Moves a stream's window, down too (section 6.9.2). False when it would overflow. */
  widenStream(stream: Stream, by: number): boolean {
    stream.sendWindow += by;
    if (stream.queued > 0) this.#line(stream);
    return stream.sendWindow <= max31;
  }

  /** Fills the turn with what waits. */
  fill(): void {
    while (this.#canSend()) {
      const stream = this.#first as Stream;
      this.#first = stream.nextInTurn;
      if (this.#first === undefined) this.#last = undefined;
      stream.nextInTurn = undefined;
      stream.inTurn = false;
      if (stream.end === undefined) this.#takeTurn(stream);
    }
  }

  /** To be called when the turn was taken: says so if there is more. */
  taken(): void {
    if (this.#canSend()) this.#output.announce();
  }

  #canSend(): boolean {
    return (
      this.#first !== undefined &&
      this.#window > this.#kept &&
      this.#output.length < this.#options.turnSize
    );
  }

  #takeTurn(stream: Stream): void {
    const window = Math.min(stream.sendWindow, this.#window - this.#kept);
    const length = Math.min(stream.queued, window, this.#writer.maxData);
    if (length <= 0) return;
    const emptied = length === stream.queued;
    const trailers = stream.queuedTrailers !== undefined;
    const ends = emptied && stream.ending && !trailers;
    const at = this.#frame(stream, length, ends);
    (stream.queue as ChunkQueue).moveTo(this.#output.bytes, at, length);
    if (!emptied) {
      this.#line(stream);
      return;
    }
    if (stream.wantsWritable) {
      stream.wantsWritable = false;
      stream.handler?.onWritable(stream);
    }
    if (ends) this.#sentEnd(stream);
    else if (trailers && stream.end === undefined) this.#end(stream);
  }

  /** Sends what the windows, but for the octets of them that are `kept`, and the turn have room for. Returns how much that was. */
  #sendNow(stream: Stream, bytes: Uint8Array, ends: boolean, kept: number): number {
    let sent = 0;
    while (sent < bytes.length && this.#output.length < this.#options.turnSize) {
      const left = bytes.length - sent;
      const window = Math.min(stream.sendWindow, this.#window - kept);
      const length = Math.min(left, window, this.#writer.maxData);
      if (length <= 0) break;
      const last = ends && length === left;
      const at = this.#frame(stream, length, last);
      const part = length === bytes.length ? bytes : bytes.subarray(sent, sent + length);
      this.#output.bytes.set(part, at);
      sent += length;
      if (last) this.#sentEnd(stream);
    }
    return sent;
  }

  #frame(stream: Stream, length: number, ends: boolean): number {
    stream.sendWindow -= length;
    this.#window -= length;
    this.frames++;
    const at = this.#writer.data(stream.id, length, ends);
    this.#mark(stream, at - frameHeaderLength);
    return at;
  }

  /** Ends the header block under way: it is a head of `stream`. */
  endBlock(stream: Stream, ends: boolean): void {
    this.#mark(stream, this.#writer.endBlock(stream.id, ends));
  }

  /** Notes where the stream's last frame begins. */
  #mark(stream: Stream, at: number): void {
    stream.flagsAt = at + flagsOffset;
    stream.flagsTurn = this.#output.turn;
  }

  #end(stream: Stream): void {
    const { queuedTrailers: fields } = stream;
    if (fields !== undefined) {
      this.#writer.beginBlock(fields.length / 2, octetsOf(fields));
      writeFields(this.#writer, fields, undefined);
      this.#writer.endBlock(stream.id, true);
    } else if (stream.flagsTurn === this.#output.turn) {
      // Its last frame is still here: it can be the last of all.
      (this.#output.bytes[stream.flagsAt] as number) |= flag.endStream;
    } else {
      this.#writer.data(stream.id, 0, true);
    }
    this.#sentEnd(stream);
  }

  #sentEnd(stream: Stream): void {
    stream.sentEnd = true;
    this.#options.onSentEnd(stream);
  }

  #line(stream: Stream): void {
    if (stream.inTurn || stream.sendWindow <= 0) return;
    stream.inTurn = true;
    if (this.#last === undefined) this.#first = stream;
    else this.#last.nextInTurn = stream;
    this.#last = stream;
    if (this.#window > this.#kept) this.#output.announce();
  }
}
