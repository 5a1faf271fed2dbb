/** Owns recognizing the start of a header block: fields that are all in the tables are not decoded and judged a second time. */
import { type DecodedField, headOctets, type KnownFields } from '../hpack/decoder.ts';
import type { ReceivedRequest, ReceivedResponse } from './api.ts';

/** Shorter ones are decoded sooner than found; longer ones hardly ever come again. */
const fewestOctets = 3;
const mostOctets = 64;

/** Starts that a connection remembers, by where their octets put them; those that fall into the same place take turns. */
const places = 32;

/** Decoded octets that a connection has sent before, while the table was what it is now. */
export class KnownStart {
  readonly bytes: Buffer;
  readonly print: number;
  readonly state: object;
  readonly fields: readonly DecodedField[];
  /** Octets and number of the fields, as the limits on heads count them. */
  readonly known: KnownFields;
  /** The head that the fields alone make, or why they are malformed; made when first asked for. */
  request: ReceivedRequest | string | undefined = undefined;
  response: ReceivedResponse | string | undefined = undefined;

  constructor(bytes: Buffer, print: number, state: object, fields: readonly DecodedField[]) {
    this.bytes = bytes;
    this.print = print;
    this.state = state;
    this.fields = fields;
    const octets = fields.reduce((sum, field) => sum + headOctets(field), 0);
    this.known = { octets, count: fields.length };
  }
}

/** The starts of one connection: nothing is compared with what others have sent. */
export class KnownStarts {
  #known: (KnownStart | undefined)[] = [];
  /** Hashes of starts that came once: most never come again. */
  #seen: Int32Array | undefined;
  /** The block looked at last. */
  #from = 0;
  #to = 0;
  #fields = 0;
  #print = 0;

  /** The known start of the block between `from` and `end`. `state` stands for the table as it is. */
  find(bytes: Buffer, from: number, end: number, state: object): KnownStart | undefined {
    this.#scan(bytes, from, Math.min(end, from + mostOctets));
    const length = this.#to - from;
    const known = this.#known[this.#print & (places - 1)];
    if (known === undefined || known.print !== this.#print || known.state !== state) {
      return undefined;
    }
    const { bytes: before } = known;
    if (before.length !== length) return undefined;
    for (let i = 0; i < length; i++) if (before[i] !== bytes[from + i]) return undefined;
    return known;
  }

  /** The block that `find` did not know was decoded into `list`, and has left the table in `state`. */
  keep(bytes: Buffer, list: readonly DecodedField[], state: object): void {
    if (this.#to - this.#from < fewestOctets) return;
    const print = this.#print;
    const place = print & (places - 1);
    this.#seen ??= new Int32Array(places);
    if (this.#seen[place] !== print) {
      this.#seen[place] = print;
      return;
    }
    if (this.#known.length === 0) this.#known = new Array(places).fill(undefined);
    const octets = Buffer.from(bytes.subarray(this.#from, this.#to));
    this.#known[place] = new KnownStart(octets, print, state, list.slice(0, this.#fields));
  }

  /** Finds where the fields of the tables end (RFC 7541 section 6.1); a number that goes on past `end` is none. */
  #scan(bytes: Buffer, from: number, end: number): void {
    let print = 0;
    let fields = 0;
    let to = from;
    for (let at = from; at < end; ) {
      const octet = bytes[at++] as number;
      if (octet <= 0x80) break;
      print = (Math.imul(print, 31) + octet) | 0;
      if (octet === 0xff) {
        let more = 0x80;
        while (more >= 0x80 && at < end) {
          more = bytes[at++] as number;
          print = (Math.imul(print, 31) + more) | 0;
        }
        if (more >= 0x80) break;
      }
      fields++;
      to = at;
    }
    this.#from = from;
    this.#to = to;
    this.#fields = fields;
    this.#print = print;
  }
}
