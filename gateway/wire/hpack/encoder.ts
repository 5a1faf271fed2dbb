/** Owns encoding header blocks: which fields enter the table, and how each is written (RFC 7541 section 6). */
import { DynamicTable, entryOverhead, initialTableSize } from './dynamic-table.ts';
import { huffmanEncode, huffmanLength, octetOf } from './huffman-encode.ts';
import { staticFields } from './static-table.ts';

/** Most octets that `field` adds, besides those of name and value. */
export const fieldOverhead = 12;
/** Most octets that `begin` adds. */
export const blockOverhead = 12;

/** A cookie shorter than this can be guessed octet by octet from what compresses well (RFC 7541 section 7.1). */
const shortCookie = 20;

const neverIndexed = new Set(['authorization', 'proxy-authorization', 'set-cookie']);

/** Most names an encoder remembers that are in neither table: what more there are cost a look-up each time. */
const maxNames = 256;

/** What an encoder knows of a name. */
interface KnownName {
  /** Its place in the static table, if it is there. */
  readonly fixed: StaticName | undefined;
  /** Its values must never enter a table. */
  readonly isSecret: boolean;
  /** Number of its newest entry in the dynamic table; -1 = it has none. */
  newest: number;
  /** Number of the entry of each value there is in the dynamic table. */
  values: Map<string, number> | undefined;
}

interface Entry {
  readonly name: string;
  readonly value: string;
  readonly size: number;
  readonly number: number;
}

interface StaticName {
  readonly index: number;
  /** Index of each value there is. */
  readonly values: Map<string, number>;
}

const staticNames = new Map<string, StaticName>();
staticFields.forEach(([name, value], at) => {
  const known = staticNames.get(name) ?? { index: at + 1, values: new Map() };
  if (value !== '') known.values.set(value, at + 1);
  staticNames.set(name, known);
});

export class HpackEncoder {
  readonly #huffman: boolean;
  readonly #names = new Map<string, KnownName>();
  readonly #table = new DynamicTable<Entry>((entry) => this.#forget(entry));
  /** Fingerprints of fields sent lately: one that comes again is worth its place in the table. */
  readonly #seen = new Uint32Array(64);
  #sizeLimit = initialTableSize;
  /** The smallest limit since the last block; the decoder has to hear of it (section 4.2). */
  #smallestLimit = initialTableSize;
  #target: Buffer = Buffer.alloc(0);
  #at = 0;

  /** `huffman`: whether strings that get shorter by it are packed. */
  constructor(huffman = true) {
    this.#huffman = huffman;
  }

  /** The size the table may have from the next block on: the least of what both sides allow. */
  limitTable(size: number): void {
    this.#sizeLimit = size;
    this.#smallestLimit = Math.min(this.#smallestLimit, size);
  }

  /** Starts a block in `target` at `at`. There must be room for it: see the two overheads. */
  begin(target: Buffer, at: number): void {
    this.#target = target;
    this.#at = at;
    if (this.#smallestLimit < this.#table.maxSize) this.#updateSize(this.#smallestLimit);
    if (this.#sizeLimit !== this.#table.maxSize) this.#updateSize(this.#sizeLimit);
    this.#smallestLimit = this.#sizeLimit;
  }

  /** Adds a field. `sensitive`: it must never be indexed, by us or by anybody it is passed on to. */
  field(name: string, value: string, sensitive = false): void {
    const known = this.#names.get(name);
    if (known === undefined) {
      this.#firstOf(name, value, sensitive);
      return;
    }
    if (sensitive || known.isSecret || isGuessable(name, value)) {
      this.#literal(0x10, 0x0f, name, value, known);
      return;
    }
    const number = known.values?.get(value);
    if (number !== undefined) {
      this.#integer(0x80, 0x7f, this.#indexOf(number));
      return;
    }
    const fixed = known.fixed?.values.get(value);
    if (fixed !== undefined) {
      this.#integer(0x80, 0x7f, fixed);
      return;
    }
    // A name that comes again is worth its place, too, whatever its value: from then on it is a number.
    const isNameless = known.fixed === undefined && known.newest < 0;
    if (this.#fits(name, value) && (this.#isRepeated(name, value) || isNameless)) {
      this.#literal(0x40, 0x3f, name, value, known);
      this.#remember(name, value, known);
    } else {
      this.#literal(0x00, 0x0f, name, value, known);
    }
  }

  /** The position after the block. */
  end(): number {
    return this.#at;
  }

  /** A field whose name was not sent before, or was forgotten. */
  #firstOf(name: string, value: string, sensitive: boolean): void {
    const fixed = staticNames.get(name);
    if (fixed === undefined && this.#names.size >= maxNames) {
      this.#literal(sensitive ? 0x10 : 0x00, 0x0f, name, value, undefined);
      return;
    }
    const isSecret = neverIndexed.has(name);
    this.#names.set(name, { fixed, isSecret, newest: -1, values: undefined });
    if (fixed !== undefined) {
      this.field(name, value, sensitive);
      return;
    }
    if (!sensitive) this.#isRepeated(name, value);
    this.#literal(sensitive ? 0x10 : 0x00, 0x0f, name, value, undefined);
  }

  #indexOf(number: number): number {
    return staticFields.length + this.#table.added - number;
  }

  #updateSize(size: number): void {
    this.#table.resize(size);
    this.#integer(0x20, 0x1f, size);
  }

  /** Whether a field may enter the table without emptying most of it. */
  #fits(name: string, value: string): boolean {
    return name.length + value.length + entryOverhead <= this.#table.maxSize / 2;
  }

  /** Whether a field was sent lately, as far as a few of its characters tell. Being wrong costs a little room. */
  #isRepeated(name: string, value: string): boolean {
    const { length } = value;
    let print = Math.imul(name.length, 31) + length;
    print = Math.imul(print, 31) + name.charCodeAt(name.length - 1);
    print = Math.imul(print, 31) + name.charCodeAt(name.length >> 1);
    for (let i = Math.max(0, length - 4); i < length; i++) {
      print = Math.imul(print, 31) + value.charCodeAt(i);
    }
    if (length > 8) {
      for (let i = 0; i < 4; i++) print = Math.imul(print, 31) + value.charCodeAt(i);
      print = Math.imul(print, 31) + value.charCodeAt(length >> 1);
    }
    print = (print ^ (print >>> 15)) >>> 0;
    const slot = print & 0x3f;
    if (this.#seen[slot] === print) return true;
    this.#seen[slot] = print;
    return false;
  }

  #remember(name: string, value: string, known: KnownName): void {
    const number = this.#table.added;
    this.#table.add({ name, value, size: name.length + value.length + entryOverhead, number });
    known.newest = number;
    known.values ??= new Map();
    known.values.set(value, number);
  }

  #forget({ name, value, number }: Entry): void {
    const known = this.#names.get(name);
    if (known === undefined) return;
    known.values?.delete(value);
    if (known.newest === number) known.newest = -1;
  }

  #literal(
    pattern: number,
    mask: number,
    name: string,
    value: string,
    known: KnownName | undefined,
  ): void {
    if (known?.fixed !== undefined) this.#integer(pattern, mask, known.fixed.index);
    else if (known !== undefined && known.newest >= 0)
      this.#integer(pattern, mask, this.#indexOf(known.newest));
    else {
      this.#integer(pattern, mask, 0);
      this.#string(name);
    }
    this.#string(value);
  }

  #integer(pattern: number, mask: number, value: number): void {
    if (value < mask) {
      this.#target[this.#at++] = pattern | value;
      return;
    }
    this.#target[this.#at++] = pattern | mask;
    let rest = value - mask;
    for (; rest >= 0x80; rest >>>= 7) this.#target[this.#at++] = (rest & 0x7f) | 0x80;
    this.#target[this.#at++] = rest;
  }

  #string(text: string): void {
    const packed = this.#huffman ? huffmanLength(text) : text.length;
    if (packed < text.length) {
      this.#integer(0x80, 0x7f, packed);
      this.#at = huffmanEncode(text, this.#target, this.#at);
      return;
    }
    this.#integer(0x00, 0x7f, text.length);
    for (let i = 0; i < text.length; i++) this.#target[this.#at++] = octetOf(text, i);
  }
}

function isGuessable(name: string, value: string): boolean {
  return value.length < shortCookie && name === 'cookie';
}
