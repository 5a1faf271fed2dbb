/** Owns the fields of one try that has one more than its request: the trace's, or the service's name. */
import type { BlockStart } from '../wire/hpack/block-start.ts';
import type { UniqueField } from '../wire/hpack/encoder.ts';
import type { FieldLines } from '../wire/http1/field-lines.ts';
import type { Fields, OutgoingFields } from './message.ts';

export class OneMoreField implements OutgoingFields {
  readonly sensitive: readonly string[] | undefined;
  readonly #fields: OutgoingFields;
  readonly #name: string;
  readonly #value: string;

  /** `value` must be safe to send. */
  constructor(fields: OutgoingFields, name: string, value: string) {
    this.sensitive = fields.sensitive;
    this.#fields = fields;
    this.#name = name;
    this.#value = value;
  }

  lines(): FieldLines {
    return `${this.#fields.lines()}${this.#name}: ${this.#value}\r\n` as FieldLines;
  }

  list(): Fields {
    return this.#fields.list();
  }

  more(): Fields {
    return [...(this.#fields.more?.() ?? []), this.#name, this.#value];
  }

  unique(): UniqueField | undefined {
    return this.#fields.unique?.();
  }

  get start(): BlockStart | undefined {
    return this.#fields.start;
  }
}
