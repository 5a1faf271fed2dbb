/** Owns decoding header blocks, with the table that both sides keep in step (RFC 7541 sections 3 and 6). */
import { DynamicTable, entryOverhead, initialTableSize } from './dynamic-table.ts';
import { huffmanDecode, unpackedBound } from './huffman-decode.ts';
import { staticFields } from './static-table.ts';

/** Judges names and values. A field in a table is judged once, when it enters. */
export interface FieldJudge {
  /** What kind of field `name` is. */
  name(name: string): number;
  /** Whether a field of this kind may have this value. */
  value(kind: number, value: string): boolean;
}

export interface DecodedField {
  readonly name: string;
  /** One character an octet. */
  readonly value: string;
  readonly size: number;
  /** As the judge has it. */
  readonly kind: number;
  readonly valid: boolean;
  /** It came never-indexed, and must be sent on so (RFC 7541 section 6.2.3). */
  readonly sensitive: boolean;
  /** The field as whoever forwards it writes it; kept here, so that a field of a table is written once. */
  line: string | undefined;
}

/**
 * `too-large`: the list is longer than allowed; it is cut off, and the table is in step all the same.
 * Anything else than it and `whole` leaves the connection's compression state unknown (RFC 9113 section 4.3).
 */
export type DecodeOutcome = 'whole' | 'too-large' | DecodeFailure;

export type DecodeFailure =
  | 'index out of the tables'
  | 'integer too large'
  | 'block ends inside a field'
  | 'invalid Huffman code'
  | 'table size update out of place'
  | 'table size over the limit'
  | 'table size update missing';

/** Continuation octets of an integer; what 4 of them hold is more than any block has octets (section 5.1). */
const maxIntegerOctets = 4;

/** What a string is unpacked into; shared by all decoders, for no longer than that. */
let unpacked = Buffer.allocUnsafeSlow(256);

/** The static table, judged: once for each judge. */
const judgedStatics = new WeakMap<FieldJudge, readonly DecodedField[]>();

export class HpackDecoder {
  readonly #judge: FieldJudge;
  readonly #statics: readonly DecodedField[];
  readonly #table = new DynamicTable<DecodedField>();
  readonly #maxListSize: number;
  #sizeLimit = initialTableSize;
  /** Stands for the table as it is: another one after every change. */
  #state: object = {};
  #block: Buffer = unpacked;
  #at = 0;
  #end = 0;
  #failure: DecodeFailure | undefined;

  /** `maxListSize`: most octets in a list, each field counting 32 more (SETTINGS_MAX_HEADER_LIST_SIZE). */
  constructor(judge: FieldJudge, maxListSize: number) {
    this.#judge = judge;
    this.#maxListSize = maxListSize;
    const statics =
      judgedStatics.get(judge) ??
      staticFields.map(([name, value]) => this.#field(name, value, judge.name(name), false));
    judgedStatics.set(judge, statics);
    this.#statics = statics;
  }

  /** Octets in the dynamic table. */
  get tableSize(): number {
    return this.#table.size;
  }

  /** As long as it is the same, the same octets of a block are the same fields. */
  get state(): object {
    return this.#state;
  }

  /** The other side has acknowledged this SETTINGS_HEADER_TABLE_SIZE; a smaller one it has to follow in its next block. */
  limitTable(size: number): void {
    this.#sizeLimit = size;
    this.#state = {};
  }

  /**
   * Decodes the whole block between `start` and `end`, and appends its fields to `list`. `known`: octets of the list
   * whose fields came before `start`.
   */
  decode(
    block: Buffer,
    start: number,
    end: number,
    list: DecodedField[],
    known = 0,
  ): DecodeOutcome {
    this.#block = block;
    this.#at = start;
    this.#end = end;
    this.#failure = undefined;
    let listSize = known;
    let isBegun = known > 0;
    while (this.#at < end) {
      const octet = block[this.#at] as number;
      if ((octet & 0xe0) === 0x20) {
        if (isBegun) return 'table size update out of place';
        this.#updateSize();
        if (this.#failure !== undefined) return this.#failure;
        continue;
      }
      if (this.#table.maxSize > this.#sizeLimit) return 'table size update missing';
      const field = octet & 0x80 ? this.#lookUp(this.#integer(0x7f)) : this.#literal(octet);
      if (field === undefined) return this.#failure ?? 'block ends inside a field';
      isBegun = true;
      listSize += field.size;
      if (listSize <= this.#maxListSize) list.push(field);
    }
    return listSize <= this.#maxListSize ? 'whole' : 'too-large';
  }

  #literal(octet: number): DecodedField | undefined {
    const indexed = (octet & 0x40) !== 0;
    const nameIndex = this.#integer(indexed ? 0x3f : 0x0f);
    if (nameIndex < 0) return undefined;
    const known = nameIndex === 0 ? undefined : this.#lookUp(nameIndex);
    if (nameIndex > 0 && known === undefined) return undefined;
    const name = known === undefined ? this.#string() : known.name;
    if (name === undefined) return undefined;
    const value = this.#string();
    if (value === undefined) return undefined;
    const kind = known === undefined ? this.#judge.name(name) : known.kind;
    const field = this.#field(name, value, kind, (octet & 0xf0) === 0x10);
    if (indexed) {
      this.#table.add(field);
      this.#state = {};
    }
    return field;
  }

  #field(name: string, value: string, kind: number, sensitive: boolean): DecodedField {
    const size = name.length + value.length + entryOverhead;
    const valid = this.#judge.value(kind, value);
    return { name, value, size, kind, valid, sensitive, line: undefined };
  }

  #lookUp(index: number): DecodedField | undefined {
    if (index < 0) return undefined;
    const statics = this.#statics;
    const field =
      index <= statics.length ? statics[index - 1] : this.#table.at(index - statics.length);
    if (field === undefined) this.#failure = 'index out of the tables';
    return field;
  }

  #updateSize(): void {
    const size = this.#integer(0x1f);
    if (size > this.#sizeLimit) this.#failure = 'table size over the limit';
    else if (size >= 0) {
      this.#table.resize(size);
      this.#state = {};
    }
  }

  /** An integer whose first octet has `mask` for it (section 5.1); -1 when there is a failure. */
  #integer(mask: number): number {
    const prefix = (this.#block[this.#at++] as number) & mask;
    if (prefix < mask) return prefix;
    let value = mask;
    for (let i = 0; i < maxIntegerOctets; i++) {
      if (this.#at >= this.#end) return this.#fail('block ends inside a field');
      const octet = this.#block[this.#at++] as number;
      value += (octet & 0x7f) << (7 * i);
      if (octet < 0x80) return value;
    }
    return this.#fail('integer too large');
  }

  #string(): string | undefined {
    if (this.#at >= this.#end) return undefined;
    const packed = (this.#block[this.#at] as number) >= 0x80;
    const length = this.#integer(0x7f);
    if (length < 0) return undefined;
    const start = this.#at;
    const end = start + length;
    if (end > this.#end) return undefined;
    this.#at = end;
    if (!packed) return this.#block.toString('latin1', start, end);
    const bound = unpackedBound(length);
    if (bound > unpacked.length) unpacked = Buffer.allocUnsafeSlow(2 * bound);
    const written = huffmanDecode(this.#block, start, end, unpacked);
    if (written >= 0) return unpacked.toString('latin1', 0, written);
    this.#failure = 'invalid Huffman code';
    return undefined;
  }

  #fail(failure: DecodeFailure): -1 {
    this.#failure = failure;
    return -1;
  }
}
