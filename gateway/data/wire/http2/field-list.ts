/** Owns a validated header list (RFC 9113 section 8.2) as its decoder made it, put into another form only where somebody asks. */
import type { DecodedField } from '../hpack/decoder.ts';
import type { FieldFilter } from '../http1/field-filter.ts';
import type { FieldLines } from '../http1/field-lines.ts';
import { fieldId, idOfName } from '../http1/field-names.ts';
import { nameIdOf } from './field-rules.ts';

const none: readonly string[] = [];
const noFields: readonly DecodedField[] = [];

/** Names are in lower case; values have one character an octet. What is in it is safe to send in HTTP/1.1 as it is. */
export class FieldList {
  readonly #fields: readonly DecodedField[];
  readonly #from: number;
  /** The fields after `#known`, in a list that begins with it. */
  readonly #rest: readonly DecodedField[];
  readonly #known: FieldList | undefined;
  /** The last filter; what it left is kept where the same list begins many others. */
  #filter: FieldFilter | undefined;
  #lines = '';
  /** Names of fields that must be sent on never-indexed, as they came (RFC 7541 section 6.2.3). */
  readonly sensitive: readonly string[] | undefined;

  /** The list is of `fields` from the one at `first` on, and `rest`: all of them valid, none a pseudo-header. */
  constructor(
    fields: readonly DecodedField[],
    first: number,
    sensitive?: readonly string[] | undefined,
    rest: readonly DecodedField[] = noFields,
    known?: FieldList | undefined,
  ) {
    this.#fields = fields;
    this.#from = first;
    this.#rest = rest;
    this.#known = known;
    this.sensitive = sensitive;
  }

  /** This list, which comes again and again, and `rest` after it. */
  and(rest: readonly DecodedField[]): FieldList {
    return new FieldList(this.#fields, this.#from, this.sensitive, rest, this);
  }

  /** The value of the first field of that name, which is in lower case. */
  get(name: string): string | undefined {
    return this.#first(idOfName(name), name);
  }

  /** The values of every field of that name, which is in lower case. */
  all(name: string): readonly string[] {
    return this.#every(idOfName(name), name);
  }

  /** The same for a well-known name by its number. */
  getById(id: number): string | undefined {
    return this.#first(id, '');
  }

  allById(id: number): readonly string[] {
    return this.#every(id, '');
  }

  /** Every field: name, value, name, value ... */
  list(): string[] {
    return this.#pairs(() => true);
  }

  /**
   * What stays after `filter` and `alsoDropped` (lower-case names), as HTTP/1.1 lines. Content-Length never
   * does: framing is the encoder's own business there.
   */
  without(filter: FieldFilter, alsoDropped: readonly string[] = none): FieldLines {
    const lines =
      this.#known !== undefined && alsoDropped.length === 0
        ? this.#known.#kept(filter)
        : linesIn(this.#fields, this.#from, filter, alsoDropped);
    return (lines + linesIn(this.#rest, 0, filter, alsoDropped)) as FieldLines;
  }

  /** The same as a flat list. */
  listWithout(filter: FieldFilter, alsoDropped: readonly string[] = none): string[] {
    return this.#pairs((field) => !isDropped(field, filter, alsoDropped));
  }

  #first(id: number, name: string): string | undefined {
    const fields = this.#fields;
    const at = indexIn(fields, this.#from, id, name);
    if (at >= 0) return (fields[at] as DecodedField).value;
    const after = indexIn(this.#rest, 0, id, name);
    return after < 0 ? undefined : (this.#rest[after] as DecodedField).value;
  }

  #every(id: number, name: string): readonly string[] {
    const values = addValues(this.#fields, this.#from, id, name, undefined);
    return addValues(this.#rest, 0, id, name, values) ?? none;
  }

  #kept(filter: FieldFilter): string {
    if (this.#filter !== filter) {
      this.#filter = filter;
      this.#lines = linesIn(this.#fields, this.#from, filter, none);
    }
    return this.#lines;
  }

  #pairs(stays: (field: DecodedField) => boolean): string[] {
    const list: string[] = [];
    for (let i = this.#from; i < this.#fields.length; i++) {
      const field = this.#fields[i] as DecodedField;
      if (stays(field)) list.push(field.name, field.value);
    }
    for (const field of this.#rest) if (stays(field)) list.push(field.name, field.value);
    return list;
  }
}

/** The place of the first field of that name, from the one at `from` on; -1 = nowhere. The name counts where it is not well known. */
function indexIn(fields: readonly DecodedField[], from: number, id: number, name: string): number {
  for (let i = from; i < fields.length; i++) {
    const field = fields[i] as DecodedField;
    if (nameIdOf(field.kind) === id && (id !== fieldId.unknown || field.name === name)) return i;
  }
  return -1;
}

/** Adds to `values`, or makes them where there is anything. */
function addValues(
  fields: readonly DecodedField[],
  from: number,
  id: number,
  name: string,
  values: string[] | undefined,
): string[] | undefined {
  let all = values;
  for (let i = indexIn(fields, from, id, name); i >= 0; i = indexIn(fields, i + 1, id, name)) {
    all ??= [];
    all.push((fields[i] as DecodedField).value);
  }
  return all;
}

function linesIn(
  fields: readonly DecodedField[],
  first: number,
  filter: FieldFilter,
  alsoDropped: readonly string[],
): string {
  let lines = '';
  for (let i = first; i < fields.length; i++) {
    const field = fields[i] as DecodedField;
    if (isDropped(field, filter, alsoDropped)) continue;
    if (nameIdOf(field.kind) === fieldId['content-length']) continue;
    // Fields of the table come again and again, and their line with them.
    field.line ??= `${field.name}: ${field.value}\r\n`;
    lines += field.line;
  }
  return lines;
}

function isDropped(
  { name, kind }: DecodedField,
  filter: FieldFilter,
  alsoDropped: readonly string[],
): boolean {
  const id = nameIdOf(kind);
  if (id === fieldId.unknown ? filter.drops(name) : filter.dropsKnown(id)) return true;
  return alsoDropped.length > 0 && alsoDropped.includes(name);
}
