/** Owns what the steps of a request's way have found out of it and changed of it, for the steps after them and for what is sent. */
import type { FieldEdits } from './field-edits.ts';
import type { VerifiedToken } from './verified-token.ts';

/** Most requests have none: the first step that has something to note makes it. */
export class Passage {
  /** The target that is sent in place of the head's: a path with its query. */
  path: string | undefined = undefined;
  /** The authority that is sent in place of the head's. */
  authority: string | undefined = undefined;
  /** The token that was verified; undefined where the request has none, or nobody asks for one. */
  token: VerifiedToken | undefined = undefined;
  #request: FieldEdits | undefined;
  #response: FieldEdits | undefined;

  /** The changes of the request's fields; undefined where there are none. */
  get request(): FieldEdits | undefined {
    return this.#request;
  }

  /** The changes of the answer's fields, the gateway's own answers included. */
  get response(): FieldEdits | undefined {
    return this.#response;
  }

  /** Changes the request's fields, after what was changed before. */
  editRequest(edits: FieldEdits): void {
    this.#request = this.#request?.and(edits) ?? edits;
  }

  editResponse(edits: FieldEdits): void {
    this.#response = this.#response?.and(edits) ?? edits;
  }
}
