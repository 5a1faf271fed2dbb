/** Owns cutting a byte stream into frames; DATA is passed on as it comes, all else once it is whole (RFC 9113 section 4.1). */
import {
  badPadding,
  errorCode,
  flag,
  frameHeaderLength,
  frameType,
  preface,
  uint31,
} from './protocol.ts';

export interface FrameSink {
  /** Set when the connection is over: nothing more is read. */
  readonly over: boolean;
  /** Ends the connection. */
  fail(code: number, what: string): void;
  /** A frame's header came. A frame that is no good ends the connection, or the frame is passed over: 'skip'. */
  onFrameHeader(type: number, flags: number, id: number, length: number): 'read' | 'skip';
  /** Padding of the DATA frame under way, its length included. */
  onPadding(octets: number): void;
  /** Octets of the DATA frame under way; `last` for those that complete it. */
  onDataPart(bytes: Buffer, start: number, end: number, last: boolean): void;
  /** A whole frame other than DATA. `PADDED` and `PRIORITY` are still in its payload. */
  onFrame(type: number, flags: number, id: number, bytes: Buffer, start: number, end: number): void;
}

type State = 'preface' | 'header' | 'payload' | 'pad-length' | 'data' | 'skip';

const none: Buffer = Buffer.alloc(0);

export class FrameReader {
  readonly #sink: FrameSink;
  #state: State;
  /** Octets of the preface that matched, or of a frame header that are held. */
  #have = 0;
  readonly #header: Buffer = Buffer.alloc(frameHeaderLength);
  #type = 0;
  #flags = 0;
  #id = 0;
  /** Octets still to come of the payload, or of its data. */
  #left = 0;
  #padding = 0;
  #payload: Buffer = none;
  #held = 0;

  constructor(sink: FrameSink, expectPreface: boolean) {
    this.#sink = sink;
    this.#state = expectPreface ? 'preface' : 'header';
  }

  /** The preface or a frame has begun and is not whole; DATA has limits of its own. */
  get isMidFrame(): boolean {
    if (this.#state === 'header') return this.#have > 0;
    return this.#state === 'preface' || this.#state === 'payload';
  }

  /** Reads `bytes` up to `end`, and keeps nothing of them but copies. */
  read(bytes: Buffer, end: number): void {
    let at = 0;
    while (at < end && !this.#sink.over) {
      switch (this.#state) {
        case 'header':
          at = this.#readHeader(bytes, at, end);
          break;
        case 'payload':
          at = this.#readPayload(bytes, at, end);
          break;
        case 'pad-length':
          this.#takePadLength(bytes[at++] as number);
          break;
        case 'data':
          at = this.#readData(bytes, at, end);
          break;
        case 'skip': {
          const skipped = Math.min(this.#left, end - at);
          at += skipped;
          this.#left -= skipped;
          if (this.#left === 0) this.#state = 'header';
          break;
        }
        case 'preface':
          at = this.#readPreface(bytes, at, end);
          break;
      }
    }
  }

  #readPreface(bytes: Buffer, from: number, to: number): number {
    let at = from;
    for (; at < to && this.#have < preface.length; at++) {
      if (bytes[at] !== preface[this.#have++]) {
        // Section 3.4.
        this.#sink.fail(errorCode.protocolError, 'not the preface of HTTP/2');
        return at;
      }
    }
    if (this.#have === preface.length) {
      this.#have = 0;
      this.#state = 'header';
    }
    return at;
  }

  #readHeader(bytes: Buffer, from: number, to: number): number {
    if (this.#have === 0 && to - from >= frameHeaderLength) {
      this.#takeHeader(bytes, from);
      return from + frameHeaderLength;
    }
    const wanted = Math.min(frameHeaderLength - this.#have, to - from);
    bytes.copy(this.#header, this.#have, from, from + wanted);
    this.#have += wanted;
    if (this.#have === frameHeaderLength) {
      this.#have = 0;
      this.#takeHeader(this.#header, 0);
    }
    return from + wanted;
  }

  #takeHeader(bytes: Buffer, at: number): void {
    const length =
      ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
    this.#type = bytes[at + 3] as number;
    this.#flags = bytes[at + 4] as number;
    this.#id = uint31(bytes, at + 5);
    this.#left = length;
    const verdict = this.#sink.onFrameHeader(this.#type, this.#flags, this.#id, length);
    if (this.#sink.over) return;
    if (verdict === 'skip') {
      this.#state = length === 0 ? 'header' : 'skip';
    } else if (this.#type !== frameType.data) {
      this.#state = 'payload';
      // A frame without payload is whole by now.
      if (length === 0) this.#readPayload(none, 0, 0);
    } else if ((this.#flags & flag.padded) === 0) {
      this.#padding = 0;
      this.#beginData();
    } else if (length === 0) {
      this.#sink.fail(errorCode.protocolError, badPadding);
    } else {
      this.#state = 'pad-length';
    }
  }

  #takePadLength(padding: number): void {
    this.#left--;
    if (padding > this.#left) {
      this.#sink.fail(errorCode.protocolError, badPadding);
      return;
    }
    this.#left -= padding;
    this.#padding = padding;
    this.#sink.onPadding(padding + 1);
    this.#beginData();
  }

  #beginData(): void {
    this.#state = 'data';
    if (this.#left > 0) return;
    this.#endData();
    this.#sink.onDataPart(none, 0, 0, true);
  }

  #readData(bytes: Buffer, from: number, to: number): number {
    const end = Math.min(to, from + this.#left);
    this.#left -= end - from;
    const last = this.#left === 0;
    if (last) this.#endData();
    this.#sink.onDataPart(bytes, from, end, last);
    return end;
  }

  #endData(): void {
    this.#left = this.#padding;
    this.#state = this.#padding > 0 ? 'skip' : 'header';
  }

  #readPayload(bytes: Buffer, from: number, to: number): number {
    const end = from + this.#left;
    if (this.#held === 0 && end <= to) {
      this.#state = 'header';
      this.#sink.onFrame(this.#type, this.#flags, this.#id, bytes, from, end);
      return end;
    }
    const length = this.#held + this.#left;
    if (this.#payload.length < length) this.#payload = Buffer.allocUnsafeSlow(length);
    const part = Math.min(this.#left, to - from);
    bytes.copy(this.#payload, this.#held, from, from + part);
    this.#held += part;
    this.#left -= part;
    if (this.#left > 0) return from + part;
    const payload = this.#payload;
    this.#payload = none;
    this.#held = 0;
    this.#state = 'header';
    this.#sink.onFrame(this.#type, this.#flags, this.#id, payload, 0, length);
    return from + part;
  }
}
