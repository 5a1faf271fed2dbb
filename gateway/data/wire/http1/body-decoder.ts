/** Owns taking the content of a message out of its framing: where data is, where it ends, what trails it. */
import { ChunkReader } from './chunk-reader.ts';
import type { Framing } from './framing.ts';
import type { Http1Limits } from './limits.ts';
import { type Refusal, refusals } from './refusal.ts';
import type { SectionScanner } from './section-scanner.ts';
import { readTrailers } from './trailers.ts';

/** Content in the buffer of this call, from `start` to `end`. The object is reused: read it before the next call. */
interface Data {
  readonly kind: 'data';
  readonly start: number;
  readonly end: number;
}

/** The message is whole. */
export interface End {
  readonly kind: 'end';
  /** A flat list. */
  readonly trailers: readonly string[];
}

/** All of the input has been read; the message goes on. */
interface More {
  readonly kind: 'more';
}

export type BodyStep = Data | End | More | Refusal;

export const more: More = { kind: 'more' };
export const ended: End = { kind: 'end', trailers: [] };

type State = 'data' | 'chunk-line' | 'chunk-data' | 'trailers';

export class BodyDecoder {
  readonly #scanner: SectionScanner;
  readonly #chunks: ChunkReader;
  readonly #data = { kind: 'data' as const, start: 0, end: 0 };
  #state: State = 'data';
  /** Octets of data to come before the next line, or before the end. */
  #left = 0;
  #untilClose = false;
  /** Offset in the buffer of the last call up to which it has been read. */
  position = 0;

  /** `scanner` is lent for trailers: it is idle while there is content. */
  constructor(limits: Http1Limits, scanner: SectionScanner) {
    this.#scanner = scanner;
    this.#chunks = new ChunkReader(limits);
  }

  begin(framing: Framing): void {
    this.#state = framing.kind === 'chunked' ? 'chunk-line' : 'data';
    this.#untilClose = framing.kind === 'until-close';
    this.#left = framing.kind === 'length' ? framing.bytes : this.#untilClose ? Infinity : 0;
    if (framing.kind === 'chunked') this.#chunks.begin();
  }

  step(buffer: Buffer, start: number, end: number): BodyStep {
    this.position = start;
    switch (this.#state) {
      case 'data':
        return this.#left === 0 ? ended : this.#takeData(start, end);
      case 'chunk-data':
        if (this.#left > 0) return this.#takeData(start, end);
        this.#state = 'chunk-line';
        return this.#takeLine(buffer, start, end);
      case 'chunk-line':
        return this.#takeLine(buffer, start, end);
      case 'trailers':
        return this.#takeTrailers(buffer, start, end);
    }
  }

  /** Whether the end of the input is the end of the message. */
  get endsAtClose(): boolean {
    return this.#untilClose;
  }

  #takeData(start: number, end: number): Data | More {
    if (start === end) return more;
    const taken = Math.min(this.#left, end - start);
    this.#left -= taken;
    this.position = start + taken;
    this.#data.start = start;
    this.#data.end = start + taken;
    return this.#data;
  }

  #takeLine(buffer: Buffer, start: number, end: number): BodyStep {
    const outcome = this.#chunks.read(buffer, start, end);
    this.position = this.#chunks.position;
    if (outcome === undefined) return more;
    if (outcome !== 'chunk') return refusals[outcome];
    this.#left = this.#chunks.size;
    if (this.#left > 0) {
      this.#state = 'chunk-data';
      return this.#takeData(this.position, end);
    }
    this.#state = 'trailers';
    this.#scanner.begin('field');
    return this.#takeTrailers(buffer, this.position, end);
  }

  #takeTrailers(buffer: Buffer, start: number, end: number): BodyStep {
    const section = this.#scanner.scan(buffer, start, end);
    this.position = this.#scanner.position;
    if (section === undefined) return more;
    if (section.kind === 'refused') return section;
    if (section.fields.size === 0) return ended;
    const trailers = readTrailers(section.fields);
    return trailers === undefined ? refusals['trailer-forbidden'] : { kind: 'end', trailers };
  }
}
