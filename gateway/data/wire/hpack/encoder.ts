/** Owns encoding header blocks: which fields enter the table, and how each is written (RFC 7541 section 6). */
import type { BlockStart } from './block-start.ts';
import { asString } from './characters.ts';
import { DynamicTable, entryOverhead, initialTableSize } from './dynamic-table.ts';
import { fingerprint } from './fingerprint.ts';
import { huffmanEncode, huffmanLength, octetOf } from './huffman-encode.ts';
import { staticIndexOf, staticIndexOfName } from './static-index.ts';
import { staticFields } from './static-table.ts';

/** A field whose value no other block has, such as an id. */
export interface UniqueField {
  readonly name: string;
  /** Visible ASCII. */
  readonly octets: Uint8Array;
}

/** Most octets that `field` adds, besides those of name and value. */
export const fieldOverhead = 12;
/** Most octets that `begin` adds. */
export const blockOverhead = 12;

/** A cookie shorter than this can be guessed octet by octet from what compresses well (RFC 7541 section 7.1). */
const shortCookie = 20;

const neverIndexed = new Set(['authorization', 'proxy-authorization', 'set-cookie']);

/** Most names an encoder remembers that are in neither table: what more there are cost a look-up each time. */
const maxNames = 256;

/** A name that an encoder knows. */
interface KnownName {
  /** Its place in the static table, if it is there. */
  readonly fixed: number | undefined;
  /** Its values must never enter a table. */
  readonly isSecret: boolean;
  /** Number of its newest entry in the dynamic table; -1 = it has none. */
  newest: number;
}

interface Entry {
  readonly name: string;
  readonly value: string;
  readonly print: number;
  readonly size: number;
  readonly number: number;
}

/** Fields sent lately that are remembered, and places by which entries of the dynamic table are found. */
const seenSlots = 64;
const fewestPlaces = 64;
const mostPlaces = 1_024;

export class HpackEncoder {
  readonly #huffman: boolean;
  readonly #names = new Map<string, KnownName>();
  readonly #table = new DynamicTable<Entry>((entry) => this.#forget(entry));
  /** Fingerprints of fields sent lately: one that comes again is worth its place in the table. */
  readonly #seen = new Uint32Array(seenSlots);
  /**
   * Entries by their fingerprint, the newest where several share a place. Not a `Map` by value: to look up a string
   * that was just received, the engine makes it one of its own first.
   */
  #places: (Entry | undefined)[] = [];
  #sizeLimit = initialTableSize;
  /** The smallest limit since the last block; the decoder has to hear of it (section 4.2). */
  #smallestLimit = initialTableSize;
  /** Stands for the table as it is: another one after every change. */
  #state: object = {};
  #target: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Where the block's fields begin, and whether all of them so far are in the tables. */
  #start = 0;
  #isListed = true;

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
    this.#start = this.#at;
    this.#isListed = true;
  }

  /** Begins the block with what `start` has kept. False: that means nothing now, and nothing was added. */
  startWith(start: BlockStart): boolean {
    this.#at = start.copyTo(this.#target, this.#at, this.#state);
    return this.#at > this.#start;
  }

  /** Keeps in `start` what the block has so far, if all of it is in the tables. */
  keep(start: BlockStart): void {
    if (this.#isListed) {
      start.keep(this.#state, this.#target.toString('latin1', this.#start, this.#at));
    }
  }

  /** Adds a field. `sensitive`: it must never be indexed, by us or by anybody it is passed on to. */
  field(name: string, value: string, sensitive = false): void {
    const print = fingerprint(name, value);
    // What is in a table is no secret, and most of what is sent is there.
    const index = sensitive ? 0 : this.#indexOf(name, value, print);
    if (index > 0) this.#integer(0x80, 0x7f, index);
    else this.#unlisted(name, value, sensitive, print);
  }

  /** Adds a field whose value never comes again: it is neither looked for nor packed. */
  unique({ name, octets }: UniqueField): void {
    const known = this.#names.get(name);
    // A name that comes again is worth its place in the table, whatever its value.
    if (known === undefined || (known.fixed === undefined && known.newest < 0)) {
      this.field(name, textOf(octets));
      return;
    }
    this.#isListed = false;
    const index = known.fixed ?? this.#indexOfNumber(known.newest);
    this.#integer(0x00, 0x0f, index);
    this.#integer(0x00, 0x7f, octets.length);
    const target = this.#target;
    const at = this.#at;
    for (let i = 0; i < octets.length; i++) target[at + i] = octets[i] as number;
    this.#at = at + octets.length;
  }

  /** The position after the block. */
  end(): number {
    return this.#at;
  }

  /** The field's index in the tables; 0 = it is in none. */
  #indexOf(name: string, value: string, print: number): number {
    const entry = this.#places[print & (this.#places.length - 1)];
    if (entry?.print === print && entry.value === value && entry.name === name) {
      return this.#indexOfNumber(entry.number);
    }
    return staticIndexOf(name, value, print);
  }

  #unlisted(name: string, value: string, sensitive: boolean, print: number): void {
    const known = this.#names.get(name);
    if (known === undefined) {
      this.#firstOf(name, value, sensitive, print);
      return;
    }
    if (sensitive || known.isSecret || isGuessable(name, value)) {
      this.#literal(0x10, 0x0f, name, value, known);
      return;
    }
    // A name that comes again is worth its place, too, whatever its value: from then on it is a number.
    const isNameless = known.fixed === undefined && known.newest < 0;
    if (this.#fits(name, value) && (this.#isRepeated(print) || isNameless)) {
      this.#literal(0x40, 0x3f, name, value, known);
      this.#remember(name, value, print, known);
    } else {
      this.#literal(0x00, 0x0f, name, value, known);
    }
  }

  /** A field whose name was not sent before, or was forgotten. */
  #firstOf(name: string, value: string, sensitive: boolean, print: number): void {
    const fixed = staticIndexOfName(name);
    if (fixed === undefined && this.#names.size >= maxNames) {
      this.#literal(sensitive ? 0x10 : 0x00, 0x0f, name, value, undefined);
      return;
    }
    const isSecret = neverIndexed.has(name);
    this.#names.set(name, { fixed, isSecret, newest: -1 });
    if (fixed !== undefined) {
      this.#unlisted(name, value, sensitive, print);
      return;
    }
    if (!sensitive) this.#isRepeated(print);
    this.#literal(sensitive ? 0x10 : 0x00, 0x0f, name, value, undefined);
  }

  #indexOfNumber(number: number): number {
    return staticFields.length + this.#table.added - number;
  }

  #updateSize(size: number): void {
    this.#table.resize(size);
    this.#state = {};
    this.#integer(0x20, 0x1f, size);
  }

  /** Whether a field may enter the table without emptying most of it. */
  #fits(name: string, value: string): boolean {
    return name.length + value.length + entryOverhead <= this.#table.maxSize / 2;
  }

  /** Whether a field was sent lately, as far as its fingerprint tells. Being wrong costs a little room. */
  #isRepeated(print: number): boolean {
    const slot = print & (seenSlots - 1);
    if (this.#seen[slot] === print) return true;
    this.#seen[slot] = print;
    return false;
  }

  #remember(name: string, value: string, print: number, known: KnownName): void {
    const number = this.#table.added;
    const size = name.length + value.length + entryOverhead;
    const entry = { name, value, print, size, number };
    this.#table.add(entry);
    this.#state = {};
    known.newest = number;
    if (this.#places.length === 0) this.#places = placesFor(this.#table.maxSize);
    this.#places[print & (this.#places.length - 1)] = entry;
  }

  #forget({ name, print, number }: Entry): void {
    const place = print & (this.#places.length - 1);
    if (this.#places[place]?.number === number) this.#places[place] = undefined;
    const known = this.#names.get(name);
    if (known?.newest === number) known.newest = -1;
  }

  #literal(
    pattern: number,
    mask: number,
    name: string,
    value: string,
    known: KnownName | undefined,
  ): void {
    this.#isListed = false;
    if (known?.fixed !== undefined) this.#integer(pattern, mask, known.fixed);
    else if (known !== undefined && known.newest >= 0)
      this.#integer(pattern, mask, this.#indexOfNumber(known.newest));
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

  #string(value: string): void {
    const text = asString(value);
    const { length } = text;
    const packed = this.#huffman ? huffmanLength(text) : length;
    if (packed < length) {
      this.#integer(0x80, 0x7f, packed);
      this.#at = huffmanEncode(text, this.#target, this.#at);
      return;
    }
    this.#integer(0x00, 0x7f, length);
    const target = this.#target;
    const at = this.#at;
    for (let i = 0; i < length; i++) target[at + i] = octetOf(text, i);
    this.#at = at + length;
  }
}

/** As many places as a table may have entries of common sizes. */
function placesFor(tableSize: number): undefined[] {
  let places = fewestPlaces;
  while (places < mostPlaces && places * 2 * entryOverhead < tableSize) places *= 2;
  return new Array(places).fill(undefined);
}

function textOf(octets: Uint8Array): string {
  return Buffer.from(octets).toString('latin1');
}

function isGuessable(name: string, value: string): boolean {
  return value.length < shortCookie && name === 'cookie';
}
