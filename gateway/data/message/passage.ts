/** Owns what the steps of a request's way have found out of it and changed of it, for the steps after them and for what is sent. */
import type { BackendTarget } from '../../../policy/route/rule.ts';
import type { Session } from '../request/pick/session.ts';
import type { Fit } from '../request/route/rule-set.ts';
import type { FieldEdits } from './field-edits.ts';
import type { TokenPlace } from './token-removal.ts';
import type { VerifiedToken } from './verified-token.ts';

/** A copy of a request that is to be sent. */
export interface Mirrored {
  readonly policy: string;
  readonly target: BackendTarget;
  /** Whether it goes to the service that was asked for: the request has counted against that one's limits. */
  readonly isSame: boolean;
  /** What was changed of the request by then. */
  readonly passage: Passage;
}

const none: readonly Mirrored[] = [];

/** Most requests have none: the first step that has something to note makes it. */
export class Passage {
  /** The target that is sent in place of the head's: a path with its query. */
  path: string | undefined = undefined;
  /** The authority that is sent in place of the head's. */
  authority: string | undefined = undefined;
  /** The token that was verified; undefined where the request has none, or nobody asks for one. */
  token: VerifiedToken | undefined = undefined;
  /** Where that token is, if the service is not to get it. */
  tokenPlace: TokenPlace | undefined = undefined;
  /** The rule of a Route that the request goes by. */
  fit: Fit | undefined = undefined;
  /** The session that its rule keeps. */
  session: Session | undefined = undefined;
  /** Where copies of the request go. */
  mirrors: readonly Mirrored[] = none;
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

  /** The request as it is changed so far, with nothing of its answer. */
  copy(): Passage {
    const copy = new Passage();
    copy.path = this.path;
    copy.authority = this.authority;
    copy.tokenPlace = this.tokenPlace;
    copy.#request = this.#request;
    return copy;
  }
}
