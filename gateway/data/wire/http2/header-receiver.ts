/** Owns header blocks that come in: put together from HEADERS and CONTINUATION, within bounds, and decoded (RFC 9113 section 4.3). */
import { HpackDecoder } from '../hpack/decoder.ts';
import type { FailureCause } from './failure-cause.ts';
import { fieldRules } from './field-rules.ts';
import { HeaderBlock } from './header-block.ts';
import { KnownStarts } from './known-starts.ts';
import type { ConnectionOptions } from './options.ts';
import { badPadding, errorCode, flag, smallestMaxFrame } from './protocol.ts';

/** A block may be this much longer, encoded, than the head it may hold: heads that are too large by less fail alone. */
const blockSlack = 4;
/** Most CONTINUATION frames a block may come in: least, and for each of the smallest frames that would hold it. */
const leastContinuations = 32;
const continuationsPerFrame = 2;

/** Pseudo-fields beyond those that a head of HTTP/1.1 has as fields. */
const pseudoFields = 4;

export interface HeaderOwner {
  readonly over: boolean;
  fail(code: number, what: string, cause?: FailureCause): void;
  /** A list came, in `block` for as long as the call lasts; cut off when it is `tooLarge`. */
  onList(id: number, block: HeaderBlock, tooLarge: boolean, ends: boolean): void;
}

export class HeaderReceiver {
  readonly decoder: HpackDecoder;
  readonly #owner: HeaderOwner;
  readonly #maxBlock: number;
  readonly #maxContinuations: number;
  readonly #starts = new KnownStarts();
  readonly #block = new HeaderBlock();
  #parts: Buffer[] = [];
  #size = 0;
  #id = 0;
  #ends = false;

  constructor(owner: HeaderOwner, { maxHeadBytes, maxFields, maxBlock }: ConnectionOptions) {
    this.#owner = owner;
    this.decoder = new HpackDecoder(fieldRules, maxHeadBytes, maxFields + pseudoFields);
    this.#maxBlock = Math.max(maxBlock, blockSlack * maxHeadBytes);
    this.#maxContinuations = Math.max(
      leastContinuations,
      (continuationsPerFrame * this.#maxBlock) / smallestMaxFrame,
    );
  }

  /** The stream whose block has to be continued, before any other frame; 0 for none. */
  get awaits(): number {
    return this.#id;
  }

  onHeaders(flags: number, id: number, bytes: Buffer, from: number, to: number): void {
    let start = from;
    let end = to;
    if (flags & flag.padded) end -= start < to ? (bytes[start++] as number) : 1;
    if (flags & flag.priority) start += 5;
    if (start > end) {
      this.#owner.fail(errorCode.protocolError, badPadding);
      return;
    }
    const ends = (flags & flag.endStream) !== 0;
    if (flags & flag.endHeaders) {
      this.#decode(id, ends, bytes, start, end);
      return;
    }
    this.#id = id;
    this.#ends = ends;
    this.#keep(bytes.subarray(start, end));
  }

  onContinuation(flags: number, fragment: Buffer): void {
    this.#keep(fragment);
    if (this.#owner.over || (flags & flag.endHeaders) === 0) return;
    const block = Buffer.concat(this.#parts, this.#size);
    const id = this.#id;
    this.#parts = [];
    this.#size = 0;
    this.#id = 0;
    this.#decode(id, this.#ends, block, 0, block.length);
  }

  #keep(fragment: Buffer): void {
    this.#parts.push(Buffer.from(fragment));
    this.#size += fragment.length;
    if (this.#size > this.#maxBlock) this.#fail('header block too large');
    else if (this.#parts.length > this.#maxContinuations + 1)
      this.#fail('too many CONTINUATION frames');
  }

  #fail(what: string): void {
    this.#owner.fail(errorCode.enhanceYourCalm, what, 'continuation-flood');
  }

  #decode(id: number, ends: boolean, bytes: Buffer, start: number, end: number): void {
    const { decoder } = this;
    const block = this.#block;
    const { state } = decoder;
    const known = this.#starts.find(bytes, start, end, state);
    const from = known === undefined ? start : start + known.bytes.length;
    const rest = block.begin(known, from < end);
    const outcome =
      from < end ? decoder.decode(bytes, from, end, rest, known?.known) : ('whole' as const);
    if (known === undefined && outcome === 'whole' && decoder.state === state) {
      this.#starts.keep(bytes, rest, state);
    }
    if (outcome === 'whole' || outcome === 'too-large')
      this.#owner.onList(id, block, outcome === 'too-large', ends);
    else this.#owner.fail(errorCode.compressionError, outcome);
  }
}
