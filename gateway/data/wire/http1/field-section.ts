/** Owns a validated field section (RFC 9110 section 5): its text as received, and where each field is in it. */
import type { FieldFilter } from './field-filter.ts';
import type { FieldLines } from './field-lines.ts';
import { fieldId, idOfName, wellKnownNames } from './field-names.ts';
import { withoutBlanks } from './grammar.ts';

/** Marks of a field: where its line starts, where its colon is, the number of its name. */
export const marksPerField = 3;

/**
 * Fields are ranges of one string; a name or value becomes a string when it is asked for. Values are
 * Latin-1, one character an octet (RFC 9110 section 5.5).
 */
export class FieldSection {
  readonly #text: string;
  /** `marksPerField` for each field, then where the section ends. */
  readonly #marks: readonly number[];

  /** `text` may begin with a start line; `marks` are offsets into it. */
  constructor(text: string, marks: readonly number[]) {
    this.#text = text;
    this.#marks = marks;
  }

  get size(): number {
    return (this.#marks.length - 1) / marksPerField;
  }

  /** The number of the name of field `index`, of `wellKnownNames`. */
  id(index: number): number {
    return this.#marks[index * marksPerField + 2] as number;
  }

  /** The name of field `index`, in lower case. */
  name(index: number): string {
    const at = index * marksPerField;
    const id = this.#marks[at + 2] as number;
    if (id !== fieldId.unknown) return wellKnownNames[id] as string;
    return this.#text.slice(this.#marks[at] as number, this.#marks[at + 1] as number).toLowerCase();
  }

  /** The value of field `index`, without white space around it. */
  value(index: number): string {
    const at = index * marksPerField;
    const start = (this.#marks[at + 1] as number) + 1;
    const end = (this.#marks[at + marksPerField] as number) - 2;
    return withoutBlanks(this.#text, start, end);
  }

  /** The value of the first field of that name, which is in lower case. */
  get(name: string): string | undefined {
    const index = this.#find(idOfName(name), name, 0);
    return index < 0 ? undefined : this.value(index);
  }

  /** The values of every field of that name, which is in lower case. */
  all(name: string): readonly string[] {
    return this.#every(idOfName(name), name);
  }

  /** The same for a well-known name by its number. */
  getById(id: number): string | undefined {
    const index = this.#find(id, '', 0);
    return index < 0 ? undefined : this.value(index);
  }

  allById(id: number): readonly string[] {
    return this.#every(id, '');
  }

  /** Every field: name in lower case, value, name, value ... */
  list(): string[] {
    const fields: string[] = [];
    for (let i = 0; i < this.size; i++) fields.push(this.name(i), this.value(i));
    return fields;
  }

  /** The lines as they came in, without those that `filter` drops or that `alsoDropped` names in lower case. */
  without(filter: FieldFilter, alsoDropped: readonly string[] = none): FieldLines {
    const text = this.#text;
    const marks = this.#marks;
    const last = marks.length - 1;
    const end = marks[last] as number;
    let lines = '';
    let from = marks[0] as number;
    for (let i = 0, at = 0; at < last; i++, at += marksPerField) {
      if (!this.#isDropped(i, filter, alsoDropped)) continue;
      const start = marks[at] as number;
      if (from < start) lines += text.slice(from, start);
      from = marks[at + marksPerField] as number;
    }
    if (from < end) lines += text.slice(from, end);
    return lines as FieldLines;
  }

  /** The same as a flat list: name in lower case, value, name, value ... */
  listWithout(filter: FieldFilter, alsoDropped: readonly string[] = none): string[] {
    const fields: string[] = [];
    for (let i = 0; i < this.size; i++) {
      if (!this.#isDropped(i, filter, alsoDropped)) fields.push(this.name(i), this.value(i));
    }
    return fields;
  }

  #isDropped(index: number, filter: FieldFilter, alsoDropped: readonly string[]): boolean {
    const id = this.id(index);
    if (id === fieldId.unknown ? filter.drops(this.name(index)) : filter.dropsKnown(id))
      return true;
    return alsoDropped.length > 0 && alsoDropped.includes(this.name(index));
  }

  #every(id: number, name: string): readonly string[] {
    let i = this.#find(id, name, 0);
    if (i < 0) return none;
    const values: string[] = [];
    for (; i >= 0; i = this.#find(id, name, i + 1)) values.push(this.value(i));
    return values;
  }

  /** The place of the first field of that name, from the one at `from` on; -1 = nowhere. The name counts where it is not well known. */
  #find(id: number, name: string, from: number): number {
    const marks = this.#marks;
    const last = marks.length - 1;
    for (let i = from, at = from * marksPerField; at < last; i++, at += marksPerField) {
      if (marks[at + 2] === id && (id !== fieldId.unknown || this.name(i) === name)) return i;
    }
    return -1;
  }
}

const none: readonly string[] = [];

export const noFields = new FieldSection('', [0]);
