/** Owns decoding header blocks, with the table that both sides keep in step (RFC 7541 sections 3 and 6). */
import { DynamicTable, entryOverhead, initialTableSize } from './dynamic-table.ts';
import { huffmanDecode, unpackedBound } from './huffman-decode.ts';
import { staticFields } from './static-table.ts';

/** Judges names and values. A field in a table is judged once, when it enters. */
export interface FieldJudge {
  /** The kind of the field that is called `name`. */
  name(name: string): number;
  /** Whether a field of this kind may have this value. */
  value(kind: number, value: string): boolean;
}

export interface DecodedField {
  readonly name: string;
  /** One character an octet. */
  readonly value: string;
  readonly size: number;
  /** The kind of the field, as the judge says. */
  readonly kind: number;
  readonly valid: boolean;
  /** The field came never-indexed, and must be sent on so (RFC 7541 section 6.2.3). */
  readonly sensitive: boolean;
  /** The field as a line of HTTP/1.1; kept here, so that a field of a table is written once. */
  line: string | undefined;
}

/**
 * `too-large`: the list is longer than allowed; it is cut off, and the table is in step all the same.
 * Anything else than it and `whole` leaves the connection's compression state unknown (RFC 9113 section 4.3).
 */
export type DecodeOutcome = 'whole' | 'too-large' | DecodeFailure;

type DecodeFailure =
  | 'index out of the tables'
  | 'integer too large'
  | 'block ends inside a field'
  | 'invalid Huffman code'
  | 'table size update out of place'
  | 'table size over the limit'
  | 'table size update missing';

/** Octets of a field beside its name and value, as HTTP/1.1 writes it: heads are as large by either version. */
export const lineOverhead = 4;

/** Continuation octets of an integer; what 4 of them hold is more than any block has octets (section 5.1). */
const maxIntegerOctets = 4;

/** The buffer that strings are unpacked into, shared by all decoders. */
let unpacked = Buffer.allocUnsafeSlow(256);

/** The static table, judged: once for each judge. */
const judgedStatics = new WeakMap<FieldJudge, readonly DecodedField[]>();

/** Fields that were decoded before. */
export interface KnownFields {
  readonly octets: number;
  readonly count: number;
}

const noFields: KnownFields = { octets: 0, count: 0 };

/** Octets that a field counts for against the limit on heads. */
export function headOctets({ size }: DecodedField): number {
  return size - entryOverhead + lineOverhead;
}

export class HpackDecoder {
  readonly #judge: FieldJudge;
  readonly #statics: readonly DecodedField[];
  readonly #table = new DynamicTable<DecodedField>();
  readonly #maxHeadBytes: number;
  readonly #maxFields: number;
  #sizeLimit = initialTableSize;
  /** Stands for the table as it is: another one after every change. */
  #state: object = {};
  #block: Buffer = unpacked;
  #at = 0;
  #end = 0;
  #failure: DecodeFailure | undefined;

  /** `maxHeadBytes`: most octets in a list, each field counting `lineOverhead` more. */
  constructor(judge: FieldJudge, maxHeadBytes: number, maxFields: number) {
    this.#judge = judge;
    this.#maxHeadBytes = maxHeadBytes;
    this.#maxFields = maxFields;
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

  /** Stands for the table as it is: while the state is the same, equal octets of a block are equal fields. */
  get state(): object {
    return this.#state;
  }

  /** The other side has acknowledged this SETTINGS_HEADER_TABLE_SIZE; a smaller one it has to follow in its next block. */
  limitTable(size: number): void {
    this.#sizeLimit = size;
    this.#state = {};
  }

  /**
   * Decodes the whole block between `start` and `end`, and appends its fields to `list`. `known`: the fields of
   * the list that came before `start`, and their octets.
   */
  decode(
    block: Buffer,
    start: number,
    end: number,
    list: DecodedField[],
    known: KnownFields = noFields,
  ): DecodeOutcome {
    this.#block = block;
    this.#at = start;
    this.#end = end;
    this.#failure = undefined;
    let { octets, count } = known;
    let isBegun = count > 0;
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
      octets += headOctets(field);
      count++;
      if (octets <= this.#maxHeadBytes && count <= this.#maxFields) list.push(field);
    }
    return octets <= this.#maxHeadBytes && count <= this.#maxFields ? 'whole' : 'too-large';
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
