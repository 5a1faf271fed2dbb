/** Owns the fields of a request on its way on: those that came in and may go on, and those that we add. */
import type { Exchange } from '../../message/exchange.ts';
import { fromClient, fromGateway, requestIdId, welcomesTrailers } from '../../message/headers.ts';
import { pushLines } from '../../message/line-list.ts';
import type { Fields, OutgoingFields, PassedRequest, RequestHead } from '../../message/message.ts';
import type { OwnLines } from '../../message/own-lines.ts';
import type { RequestId, RequestIds } from '../../message/request-id.ts';
import type { Observer } from '../../observe/observer.ts';
import type { Trail } from '../../observe/trail.ts';
import { BlockStart } from '../../wire/hpack/block-start.ts';
import type { UniqueField } from '../../wire/hpack/encoder.ts';
import type { FieldFilter } from '../../wire/http1/field-filter.ts';
import type { FieldLines } from '../../wire/http1/field-lines.ts';
import type { Route } from '../route/route-table.ts';
import { forwardsLeft, maxForwardsField } from './max-forwards.ts';

const none: Fields = [];

/** The same fields for every try of a request. Whichever form the next hop takes is made once. */
export class RequestFields implements OutgoingFields {
  readonly sensitive: readonly string[] | undefined;
  readonly #head: RequestHead;
  readonly #filter: FieldFilter;
  readonly #passed: PassedRequest;
  /** The id that we gave the request; absent where it came with one. */
  readonly #id: RequestId | undefined;
  /** Lines about the request's trace, and about how far it may go. */
  #besides: string;
  /** Names of fields that don't go on, either: those of the connection, and those of which `#besides` says something new. */
  #dropped: readonly string[];
  #lines: FieldLines | undefined;

  /** `trail`: where the request is looked at; `observer`: where any is. */
  constructor(
    { head, peer, passage }: Exchange,
    { service, governed }: Pick<Route, 'service' | 'governed'>,
    says: OwnLines,
    ids: RequestIds,
    trail: Trail | undefined,
    observer: Observer | undefined,
  ) {
    const { fields, connectionTokens } = head;
    let { passed } = head;
    if (passed?.service !== service) {
      const hasId = fields.getById(requestIdId) !== undefined;
      const own = governed?.isOutside
        ? says.toOutside(head, service)
        : says.ofRequest(head, peer, service);
      passed = { service, hasId, own, lines: undefined, list: undefined, start: undefined };
      if (head.passed !== undefined) head.passed = passed;
    }
    this.sensitive = head.fields.sensitive;
    this.#head = head;
    this.#filter = peer.kind === 'gateway' && !governed?.isOutside ? fromGateway : fromClient;
    this.#passed = passed;
    this.#id = passed.hasId ? undefined : ids.next();
    this.#dropped = connectionTokens;
    if (trail === undefined) this.#besides = observer?.unrecorded(fields) ?? '';
    else {
      trail.requestId = this.#id?.text ?? fields.getById(requestIdId) ?? '';
      this.#besides = trail.lines;
      if (trail.replaces.length > 0) this.#dropped = [...connectionTokens, ...trail.replaces];
    }
    const edits = passage?.request;
    if (edits !== undefined) {
      this.#dropped = [...this.#dropped, ...edits.drops];
      this.#besides += edits.lines;
    }
    const left = forwardsLeft(head);
    if (left !== undefined) {
      this.#dropped = [...this.#dropped, maxForwardsField];
      this.#besides += `${maxForwardsField}: ${left - 1}\r\n`;
    }
  }

  lines(): FieldLines {
    if (this.#lines !== undefined) return this.#lines;
    const passed = this.#passed;
    const { fields, connectionTokens } = this.#head;
    const id = this.#id?.line ?? '';
    if (this.#dropped === connectionTokens) {
      passed.lines ??= (fields.without(this.#filter, connectionTokens) + passed.own) as FieldLines;
      this.#lines = (passed.lines + id + this.#besides) as FieldLines;
    } else {
      const kept = fields.without(this.#filter, this.#dropped);
      this.#lines = (kept + passed.own + id + this.#besides) as FieldLines;
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
    if (this.#besides === '') return none;
    const fields: string[] = [];
    pushLines(fields, this.#besides);
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
