/** Owns the fields of one try of a traced request: the request's, and whose child the next hop is. */
import type { BlockStart } from '../wire/hpack/block-start.ts';
import type { UniqueField } from '../wire/hpack/encoder.ts';
import type { FieldLines } from '../wire/http1/field-lines.ts';
import { traceParentField } from './headers.ts';
import type { Fields, OutgoingFields } from './message.ts';

export class TracedFields implements OutgoingFields {
  readonly sensitive: readonly string[] | undefined;
  readonly #fields: OutgoingFields;
  readonly #traceParent: string;

  constructor(fields: OutgoingFields, traceParent: string) {
    this.sensitive = fields.sensitive;
    this.#fields = fields;
    this.#traceParent = traceParent;
  }

  lines(): FieldLines {
    return `${this.#fields.lines()}${traceParentField}: ${this.#traceParent}\r\n` as FieldLines;
  }

  list(): Fields {
    return this.#fields.list();
  }

  more(): Fields {
    return [...(this.#fields.more?.() ?? []), traceParentField, this.#traceParent];
  }

  unique(): UniqueField | undefined {
    return this.#fields.unique?.();
  }

  get start(): BlockStart | undefined {
    return this.#fields.start;
  }
}
