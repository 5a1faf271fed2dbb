/** Owns turning the fields of a message into lines to send, the announced length apart: framing is decided anew. */
import { type FieldLines, fieldLines } from '../wire/http1/field-lines.ts';
import { readContentLength } from '../wire/http1/framing.ts';
import type { Fields } from './message.ts';

export interface OutgoingFields {
  readonly lines: FieldLines;
  /** What Content-Length says; undefined when there is none, `invalid` when it is not one plain number. */
  readonly length: number | undefined | 'invalid';
}

/** Throws INTERNAL on a field that can't be sent. */
export function outgoingFields(fields: Fields): OutgoingFields {
  let length: OutgoingFields['length'];
  const others: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? '';
    const value = fields[i + 1] ?? '';
    if (name === 'content-length') {
      const bytes = readContentLength(value);
      length = length === undefined && typeof bytes === 'number' ? bytes : 'invalid';
    } else if (name !== 'transfer-encoding') others.push(name, value);
  }
  return { lines: fieldLines(others), length };
}
