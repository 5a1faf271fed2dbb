/** Owns ids for requests that came without one: random UUIDs (RFC 9562 section 5.4), most of each made ahead. */
import { randomUUID } from 'node:crypto';
import { ownText } from '../../../core/own-text.ts';
import type { UniqueField } from '../wire/hpack/encoder.ts';
import { requestIdField } from './headers.ts';

/** The last three digits of an id. */
const tails = Array.from({ length: 4096 }, (_, i) => i.toString(16).padStart(3, '0'));
const digits = Buffer.from('0123456789abcdef', 'latin1');

/** All of an id but its last three digits. */
class Stem implements UniqueField {
  readonly name = requestIdField;
  readonly octets: Buffer;
  readonly text: string;
  readonly #line: string;

  constructor() {
    const id = randomUUID();
    this.octets = Buffer.from(id, 'latin1');
    this.text = ownText(id.slice(0, -3));
    this.#line = ownText(`${requestIdField}: ${this.text}`);
  }

  line(tail: number): string {
    return `${this.#line}${tails[tail] as string}\r\n`;
  }

  /** The field with this tail in `octets`, until it is asked for another. */
  field(tail: number): UniqueField {
    const { octets } = this;
    const end = octets.length;
    octets[end - 3] = digits[tail >> 8] as number;
    octets[end - 2] = digits[(tail >> 4) & 15] as number;
    octets[end - 1] = digits[tail & 15] as number;
    return this;
  }
}

/** One id, spelled out only once it is written somewhere. */
export class RequestId {
  readonly #stem: Stem;
  readonly #tail: number;

  constructor(stem: Stem, tail: number) {
    this.#stem = stem;
    this.#tail = tail;
  }

  get text(): string {
    return this.#stem.text + (tails[this.#tail] as string);
  }

  /** A whole field line. */
  get line(): string {
    return this.#stem.line(this.#tail);
  }

  /** To be sent, or copied, before anything else is asked of any id. */
  get field(): UniqueField {
    return this.#stem.field(this.#tail);
  }
}

/**
 * Ids that differ in their last three digits share the 110 random bits before them, which are drawn anew for the
 * next 4096: drawing and spelling a whole UUID for every request costs more than finding its route.
 */
export class RequestIds {
  #stem = new Stem();
  #next = 0;

  next(): RequestId {
    if (this.#next === tails.length) {
      this.#next = 0;
      this.#stem = new Stem();
    }
    return new RequestId(this.#stem, this.#next++);
  }
}
