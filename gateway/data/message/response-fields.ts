/** Owns the fields of a response on its way back: those that came in and may go back, and those that we add. */
import { BlockStart } from '../wire/hpack/block-start.ts';
import { type FieldLines, fieldLines } from '../wire/http1/field-lines.ts';
import type { FieldEdits } from './field-edits.ts';
import { dateId, fromUpstream } from './headers.ts';
import { HttpDate } from './http-date.ts';
import { pushLines } from './line-list.ts';
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
  /** Names of fields that don't go back, beside those that never do. */
  readonly #dropped: readonly string[];
  #lines: FieldLines | undefined;
  #list: Fields | undefined;
  #start: BlockStart | undefined;

  private constructor({ fields }: ResponseHead, own: FieldLines, dropped: readonly string[]) {
    this.own = own;
    this.sensitive = fields.sensitive;
    this.#received = fields;
    this.#dropped = dropped;
  }

  /** `said` is added to what came in. */
  static of(head: ResponseHead, said: FieldLines): PassedResponse {
    const { passed } = head;
    if (passed?.own === said) return passed;
    const isDated = head.fields.getById(dateId) !== undefined;
    const own = isDated ? said : dated(said);
    const made = new ResponseFields(head, own, head.connectionTokens);
    if (passed !== undefined) head.passed = made;
    return made;
  }

  /** The same with what policies change of them. */
  static edited(
    head: ResponseHead,
    said: FieldLines,
    { drops, lines }: FieldEdits,
  ): OutgoingFields {
    const isDated = head.fields.getById(dateId) !== undefined;
    const own = ((isDated ? said : dated(said)) + lines) as FieldLines;
    return new ResponseFields(head, own, [...head.connectionTokens, ...drops]);
  }

  lines(): FieldLines {
    this.#lines ??= (this.#received.without(fromUpstream, this.#dropped) + this.own) as FieldLines;
    return this.#lines;
  }

  list(): Fields {
    if (this.#list === undefined) this.#list = this.#makeList();
    else this.#start ??= new BlockStart();
    return this.#list;
  }

  /** The start of the header block of a response that came before; to be asked for after `list`. */
  get start(): BlockStart | undefined {
    return this.#start;
  }

  #makeList(): Fields {
    const fields = this.#received.listWithout(fromUpstream, this.#dropped);
    pushLines(fields, this.own);
    return fields;
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
    const fields: string[] = [];
    pushLines(fields, this.#lines);
    return fields;
  }
}

/** RFC 9110 section 6.6.1: the origin says when it answered, or the first recipient that has a clock does. */
function dated(lines: FieldLines): FieldLines {
  return (lines + date.line(Date.now())) as FieldLines;
}
