/** Owns knowing the start of a header block again: fields that are all in the tables, not decoded and judged a second time. */
import type { DecodedField } from '../hpack/decoder.ts';
import type { ReceivedRequest, ReceivedResponse } from './api.ts';

/** Shorter ones are decoded sooner than found; longer ones hardly ever come again. */
const fewestOctets = 3;
const mostOctets = 64;

/** Starts that a connection remembers, by where their octets put them; those that fall into the same place take turns. */
const places = 32;

/** Decoded octets that a connection has sent before, while the table was what it is now. */
export class KnownStart {
  readonly octets: Buffer;
  readonly print: number;
  readonly state: object;
  readonly fields: readonly DecodedField[];
  /** Octets that the fields are in a header list. */
  readonly size: number;
  /** What they say on their own, or why they are malformed; once it was asked for. */
  request: ReceivedRequest | string | undefined = undefined;
  response: ReceivedResponse | string | undefined = undefined;

  constructor(octets: Buffer, print: number, state: object, fields: readonly DecodedField[]) {
    this.octets = octets;
    this.print = print;
    this.state = state;
    this.fields = fields;
    this.size = fields.reduce((sum, { size }) => sum + size, 0);
  }
}

/** Of one connection: nothing is compared with what others have sent. */
export class KnownStarts {
  #known: (KnownStart | undefined)[] = [];
  /** Of starts that came once: most never come again. */
  #seen: Int32Array | undefined;
  /** The block looked at last. */
  #from = 0;
  #to = 0;
  #fields = 0;
  #print = 0;

  /** What the block between `from` and `end` begins with. `state` stands for the table as it is. */
  find(bytes: Buffer, from: number, end: number, state: object): KnownStart | undefined {
    this.#scan(bytes, from, Math.min(end, from + mostOctets));
    const length = this.#to - from;
    const known = this.#known[this.#print & (places - 1)];
    if (known === undefined || known.print !== this.#print || known.state !== state) {
      return undefined;
    }
    const { octets } = known;
    if (octets.length !== length) return undefined;
    for (let i = 0; i < length; i++) if (octets[i] !== bytes[from + i]) return undefined;
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
