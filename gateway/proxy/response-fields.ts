/** Owns the fields of a response on its way back: what came in and may go back, and what we say of it. */
import { type FieldLines, fieldLines } from '../wire/http1/field-lines.ts';
import { fromUpstream } from './headers.ts';
import { HttpDate } from './http-date.ts';
import type {
  Fields,
  OutgoingFields,
  PassedResponse,
  ReceivedFields,
  ResponseHead,
} from './message.ts';

const date = new HttpDate();

/** An endpoint's answer, or another gateway's. */
export class ResponseFields implements PassedResponse {
  readonly own: FieldLines;
  readonly sensitive: readonly string[] | undefined;
  readonly #received: ReceivedFields;
  readonly #connectionTokens: readonly string[];
  #lines: FieldLines | undefined;

  private constructor({ fields, connectionTokens }: ResponseHead, own: FieldLines) {
    this.own = own;
    this.sensitive = fields.sensitive;
    this.#received = fields;
    this.#connectionTokens = connectionTokens;
  }

  /** `said` is added to what came in. */
  static of(head: ResponseHead, said: FieldLines): PassedResponse {
    const { passed } = head;
    if (passed?.own === said) return passed;
    const isDated = head.fields.get('date') !== undefined;
    const made = new ResponseFields(head, isDated ? said : dated(said));
    if (passed !== undefined) head.passed = made;
    return made;
  }

  lines(): FieldLines {
    this.#lines ??= (this.#received.without(fromUpstream, this.#connectionTokens) +
      this.own) as FieldLines;
    return this.#lines;
  }

  list(): Fields {
    const fields = this.#received.listWithout(fromUpstream, this.#connectionTokens);
    return pushLines(fields, this.own);
  }
}

/** The gateway's own answer. */
export class OwnFields implements OutgoingFields {
  readonly #lines: FieldLines;

  /** Throws INTERNAL on a field that can't be sent. */
  constructor(fields: Fields) {
    this.#lines = dated(fieldLines(fields));
  }

  lines(): FieldLines {
    return this.#lines;
  }

  list(): Fields {
    return pushLines([], this.#lines);
  }
}

/** RFC 9110 section 6.6.1: whoever answers says when, or the first one who has a clock does. */
function dated(lines: FieldLines): FieldLines {
  return (lines + date.line(Date.now())) as FieldLines;
}

function pushLines(fields: string[], lines: FieldLines): Fields {
  for (const line of lines.split('\r\n')) {
    const colon = line.indexOf(': ');
    if (colon > 0) fields.push(line.slice(0, colon), line.slice(colon + 2));
  }
  return fields;
}
