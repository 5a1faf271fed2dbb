/** Owns the fields of one try in which some say something else than those of its request. */
import type { UniqueField } from '../wire/hpack/encoder.ts';
import type { FieldLines } from '../wire/http1/field-lines.ts';
import type { Fields, OutgoingFields } from './message.ts';

export class OtherFields implements OutgoingFields {
  readonly sensitive: readonly string[] | undefined;
  readonly #fields: OutgoingFields;
  readonly #said: Fields;

  /** `said`: names in lower case, and values that are safe to send. */
  constructor(fields: OutgoingFields, said: Fields) {
    this.sensitive = fields.sensitive;
    this.#fields = fields;
    this.#said = said;
  }

  lines(): FieldLines {
    const kept = this.#fields
      .lines()
      .split('\r\n')
      .filter((line) => line !== '' && !this.#says(line.slice(0, line.indexOf(':')).toLowerCase()))
      .map((line) => `${line}\r\n`);
    for (let i = 0; i < this.#said.length; i += 2) {
      kept.push(`${this.#said[i]}: ${this.#said[i + 1]}\r\n`);
    }
    return kept.join('') as FieldLines;
  }

  list(): Fields {
    return [...this.#without(this.#fields.list()), ...this.#said];
  }

  more(): Fields {
    return this.#without(this.#fields.more?.() ?? []);
  }

  unique(): UniqueField | undefined {
    return this.#fields.unique?.();
  }

  #without(fields: Fields): string[] {
    const kept: string[] = [];
    for (let i = 0; i < fields.length; i += 2) {
      const name = fields[i] as string;
      if (!this.#says(name)) kept.push(name, fields[i + 1] as string);
    }
    return kept;
  }

  #says(name: string): boolean {
    return this.#said.some((said, i) => i % 2 === 0 && said === name);
  }
}
