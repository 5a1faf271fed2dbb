/** Owns receiving bodies: DATA within both windows, passed on as it comes, as long as was announced (RFC 9113 section 6.1). */
import type { IdleFrame } from './failure-cause.ts';
import type { Floods } from './floods.ts';
import { errorCode, flag } from './protocol.ts';
import type { Stream } from './stream.ts';
import type { Streams } from './streams.ts';
import { bodyLengthWrong } from './unreadable.ts';

/** The connection that DATA is received on, as its receiver needs it. */
export interface DataOwner {
  fail(code: number, what: string): void;
  /** A stream fails by what came. */
  failStream(stream: Stream, code: number, what: string): void;
  /** A message is malformed by what came. */
  malformed(stream: Stream, what: string): void;
  /** DATA came for a stream that is not open. False when that ends the connection. */
  passOverClosed(id: number, ends: boolean): boolean;
  readonly floods: Floods;
  /** A frame that carries nothing came. False when it was one too many: then the connection is over. */
  spendIdle(cost: number, what: IdleFrame): boolean;
}

export class DataReceiver {
  readonly #owner: DataOwner;
  readonly #streams: Streams;
  readonly #isServer: boolean;
  /** The stream of the frame under way. */
  #stream: Stream | undefined;
  #ends = false;

  constructor(owner: DataOwner, streams: Streams, isServer: boolean) {
    this.#owner = owner;
    this.#streams = streams;
    this.#isServer = isServer;
  }

  /** A frame begins: all of it is spent at once, padding too (section 6.9.1). */
  begin(flags: number, id: number, length: number): 'read' | 'skip' {
    const ends = (flags & flag.endStream) !== 0;
    if (!this.#streams.window.spend(length)) {
      this.#owner.fail(errorCode.flowControlError, 'DATA beyond the window of the connection');
      return 'skip';
    }
    const stream = this.#streams.open.get(id);
    if (stream === undefined) {
      if (length === 0) this.#owner.spendIdle(1, 'empty DATA');
      if (this.#owner.passOverClosed(id, ends) && !this.#streams.passOverData(id, length))
        this.#owner.fail(errorCode.flowControlError, 'DATA beyond the window of a closed stream');
      return 'skip';
    }
    stream.unconsumed += length;
    this.#streams.received(length);
    if (stream.receivedEnd) {
      this.#owner.failStream(stream, errorCode.streamClosed, 'DATA after the end');
      return 'skip';
    }
    if (!stream.headReceived) {
      this.#owner.failStream(stream, errorCode.protocolError, 'DATA before HEADERS');
      return 'skip';
    }
    if (!stream.receiveWindow.spend(length)) {
      this.#owner.failStream(stream, errorCode.flowControlError, 'DATA beyond the window');
      return 'skip';
    }
    this.#stream = stream;
    this.#ends = ends;
    return 'read';
  }

  /** Padding is consumed here. */
  padding(octets: number): void {
    this.#stream?.consume(octets);
  }

  part(bytes: Buffer, start: number, end: number, last: boolean): void {
    const stream = this.#stream;
    // Its handler may have closed it since the frame began.
    if (stream === undefined || stream.end !== undefined) {
      stream?.consume(end - start);
      if (last && this.#ends && stream !== undefined) this.#streams.passesOver(stream.id, true);
      return;
    }
    const ends = last && this.#ends;
    if (end > start) this.#owner.floods.data();
    else if (!ends && !this.#owner.spendIdle(1, 'empty DATA')) return;
    if (ends) stream.receivedEnd = true;
    if (stream.expected >= 0) {
      stream.expected -= end - start;
      if (stream.expected < 0 || (ends && stream.expected > 0)) {
        this.#owner.malformed(stream, bodyLengthWrong);
        return;
      }
    }
    if (stream.expected === 0 && !ends && this.#isServer) this.#hold(stream, bytes, start, end);
    else if (stream.held >= 0) this.release(stream, ends);
    else if (end > start || ends) {
      stream.handler?.onData(stream, bytes.subarray(start, end), ends);
    }
    if (ends) this.#streams.closeIfComplete(stream);
  }

  /** Tells the octet that is held: the request has ended, or ends with trailers. */
  release(stream: Stream, ends: boolean): void {
    const octet = Buffer.of(stream.held);
    stream.held = -1;
    stream.handler?.onData(stream, octet, ends);
  }

  /**
   * A request that is as long as announced but goes on may yet be longer, and malformed: to whoever counts octets it must not
   * look whole before it has ended.
   */
  #hold(stream: Stream, bytes: Buffer, start: number, end: number): void {
    if (end === start) return;
    stream.held = bytes[end - 1] as number;
    if (end - 1 > start) stream.handler?.onData(stream, bytes.subarray(start, end - 1), false);
  }
}
