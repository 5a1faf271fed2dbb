/** Owns a validated header list (RFC 9113 section 8.2) as its decoder made it, put into another form only where somebody asks. */
import type { DecodedField } from '../hpack/decoder.ts';
import type { FieldFilter } from '../http1/field-filter.ts';
import type { FieldLines } from '../http1/field-lines.ts';
import { fieldId } from '../http1/field-names.ts';
import { nameIdOf } from './field-rules.ts';

const none: readonly string[] = [];

/** Names are in lower case; values have one character an octet. What is in it is safe to send in HTTP/1.1 as it is. */
export class FieldList {
  readonly #fields: readonly DecodedField[];
  readonly #first: number;
  /** Names of fields that must be sent on never-indexed, as they came (RFC 7541 section 6.2.3). */
  readonly sensitive: readonly string[] | undefined;

  /** Of `fields` from the one at `first` on: all of them valid, none a pseudo-header. */
  constructor(
    fields: readonly DecodedField[],
    first: number,
    sensitive?: readonly string[] | undefined,
  ) {
    this.#fields = fields;
    this.#first = first;
    this.sensitive = sensitive;
  }

  /** The value of the first field of that name, which is in lower case. */
  get(name: string): string | undefined {
    const fields = this.#fields;
    for (let i = this.#first; i < fields.length; i++) {
      const field = fields[i] as DecodedField;
      if (field.name === name) return field.value;
    }
    return undefined;
  }

  /** The values of every field of that name, which is in lower case. */
  all(name: string): readonly string[] {
    let values: string[] | undefined;
    const fields = this.#fields;
    for (let i = this.#first; i < fields.length; i++) {
      const field = fields[i] as DecodedField;
      if (field.name !== name) continue;
      values ??= [];
      values.push(field.value);
    }
    return values ?? none;
  }

  /** Every field: name, value, name, value ... */
  list(): string[] {
    const list: string[] = [];
    const fields = this.#fields;
    for (let i = this.#first; i < fields.length; i++) {
      const { name, value } = fields[i] as DecodedField;
      list.push(name, value);
    }
    return list;
  }

  /**
   * What stays after `filter` and `alsoDropped` (lower-case names), as HTTP/1.1 lines. Content-Length never
   * does: framing is the encoder's own business there.
   */
  without(filter: FieldFilter, alsoDropped: readonly string[] = none): FieldLines {
    let lines = '';
    const fields = this.#fields;
    for (let i = this.#first; i < fields.length; i++) {
      const field = fields[i] as DecodedField;
      if (isDropped(field, filter, alsoDropped)) continue;
      if (nameIdOf(field.kind) === fieldId['content-length']) continue;
      // Fields of the table come again and again, and their line with them.
      field.line ??= `${field.name}: ${field.value}\r\n`;
      lines += field.line;
    }
    return lines as FieldLines;
  }

  /** The same as a flat list. */
  listWithout(filter: FieldFilter, alsoDropped: readonly string[] = none): string[] {
    const list: string[] = [];
    const fields = this.#fields;
    for (let i = this.#first; i < fields.length; i++) {
      const field = fields[i] as DecodedField;
      if (!isDropped(field, filter, alsoDropped)) list.push(field.name, field.value);
    }
    return list;
  }
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
