/** Owns the fields of a request on its way on: what came in and may go on, and what we say of it. */
import type { ServiceName } from '../../core/names.ts';
import { BlockStart } from '../wire/hpack/block-start.ts';
import type { UniqueField } from '../wire/hpack/encoder.ts';
import type { FieldFilter } from '../wire/http1/field-filter.ts';
import type { FieldLines } from '../wire/http1/field-lines.ts';
import type { Exchange } from './exchange.ts';
import { fromClient, fromGateway, requestIdId, welcomesTrailers } from './headers.ts';
import { pushLines } from './line-list.ts';
import type { Fields, OutgoingFields, PassedRequest, RequestHead } from './message.ts';
import type { Observer } from './observer.ts';
import type { OwnLines } from './own-lines.ts';
import type { RequestId, RequestIds } from './request-id.ts';
import type { Trail } from './trail.ts';

const none: Fields = [];

/** The same fields for every try of a request. Whichever form the next hop takes is made once. */
export class RequestFields implements OutgoingFields {
  readonly sensitive: readonly string[] | undefined;
  readonly #head: RequestHead;
  readonly #filter: FieldFilter;
  readonly #passed: PassedRequest;
  /** What we gave it; absent where it came with one. */
  readonly #id: RequestId | undefined;
  /** What is said of its trace. */
  readonly #traced: string;
  /** Names of fields that don't go on, either: those of the connection, and those of its trace that are said anew. */
  readonly #dropped: readonly string[];
  #lines: FieldLines | undefined;

  /** `trail`: where the request is looked at; `observer`: where any is. */
  constructor(
    { head, peer }: Exchange,
    service: ServiceName,
    says: OwnLines,
    ids: RequestIds,
    trail: Trail | undefined,
    observer: Observer | undefined,
  ) {
    const { fields, connectionTokens } = head;
    let { passed } = head;
    if (passed?.service !== service) {
      const hasId = fields.getById(requestIdId) !== undefined;
      const own = says.ofRequest(head, peer, service);
      passed = { service, hasId, own, lines: undefined, list: undefined, start: undefined };
      if (head.passed !== undefined) head.passed = passed;
    }
    this.sensitive = head.fields.sensitive;
    this.#head = head;
    this.#filter = peer.kind === 'gateway' ? fromGateway : fromClient;
    this.#passed = passed;
    this.#id = passed.hasId ? undefined : ids.next();
    this.#dropped = connectionTokens;
    if (trail === undefined) this.#traced = observer?.unrecorded(fields) ?? '';
    else {
      trail.requestId = this.#id?.text ?? fields.getById(requestIdId) ?? '';
      this.#traced = trail.lines;
      if (trail.replaces.length > 0) this.#dropped = [...connectionTokens, ...trail.replaces];
    }
  }

  lines(): FieldLines {
    if (this.#lines !== undefined) return this.#lines;
    const passed = this.#passed;
    const { fields, connectionTokens } = this.#head;
    const id = this.#id?.line ?? '';
    if (this.#dropped === connectionTokens) {
      passed.lines ??= (fields.without(this.#filter, connectionTokens) + passed.own) as FieldLines;
      this.#lines = (passed.lines + id + this.#traced) as FieldLines;
    } else {
      const kept = fields.without(this.#filter, this.#dropped);
      this.#lines = (kept + passed.own + id + this.#traced) as FieldLines;
    }
    return this.#lines;
  }

  list(): Fields {
    if (this.#dropped !== this.#head.connectionTokens) return this.#makeList();
    const passed = this.#passed;
    if (passed.list === undefined) passed.list = this.#makeList();
    else passed.start ??= new BlockStart();
    return passed.list;
  }

  more(): Fields {
    if (this.#traced === '') return none;
    const fields: string[] = [];
    pushLines(fields, this.#traced);
    return fields;
  }

  unique(): UniqueField | undefined {
    return this.#id?.field;
  }

  /** To be asked for after `list`. */
  get start(): BlockStart | undefined {
    return this.#dropped === this.#head.connectionTokens ? this.#passed.start : undefined;
  }

  #makeList(): Fields {
    const { fields: received } = this.#head;
    const fields = received.listWithout(this.#filter, this.#dropped);
    pushLines(fields, this.#passed.own);
    if (welcomesTrailers(received.get('te'))) fields.push('te', 'trailers');
    return fields;
  }
}
