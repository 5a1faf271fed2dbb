/** Owns a decoded header block on its way to its reader: the known start, and the fields after it. */
import type { DecodedField } from '../hpack/decoder.ts';
import type { KnownStart } from './known-starts.ts';

/** The empty list; nothing is ever added to it. */
const none: DecodedField[] = [];

/** A connection has one, good until its next block. The lists may be kept. */
export class HeaderBlock {
  start: KnownStart | undefined = undefined;
  rest: readonly DecodedField[] = none;

  /** The next block. Returns the list that the rest of it is to be appended to, if there is any. */
  begin(start: KnownStart | undefined, hasRest: boolean): DecodedField[] {
    const rest = hasRest ? [] : none;
    this.start = start;
    this.rest = rest;
    return rest;
  }

  /** Every field. */
  all(): readonly DecodedField[] {
    return this.start === undefined ? this.rest : [...this.start.fields, ...this.rest];
  }
}
