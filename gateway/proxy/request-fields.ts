/** Owns the fields of a request on its way on: what came in and may go on, and what we say of it. */
import type { ServiceName } from '../../core/names.ts';
import type { FieldFilter } from '../wire/http1/field-filter.ts';
import type { FieldLines } from '../wire/http1/field-lines.ts';
import type { Exchange } from './exchange.ts';
import { fromClient, fromGateway, requestIdField, welcomesTrailers } from './headers.ts';
import { pushLines } from './line-list.ts';
import type { Fields, OutgoingFields, PassedRequest, RequestHead } from './message.ts';
import type { OwnLines } from './own-lines.ts';
import type { RequestIds } from './request-id.ts';

/** The same fields for every try of a request. Whichever form the next hop takes is made once. */
export class RequestFields implements OutgoingFields {
  readonly sensitive: readonly string[] | undefined;
  readonly #head: RequestHead;
  readonly #filter: FieldFilter;
  readonly #passed: PassedRequest;
  /** The line of the id that we gave it; empty where it came with one. */
  readonly #id: string;
  #list: Fields | undefined;

  constructor({ head, peer }: Exchange, service: ServiceName, says: OwnLines, ids: RequestIds) {
    let { passed } = head;
    if (passed?.service !== service) {
      const hasId = head.fields.get(requestIdField) !== undefined;
      passed = { service, hasId, own: says.ofRequest(head, peer, service), lines: undefined };
      if (head.passed !== undefined) head.passed = passed;
    }
    this.sensitive = head.fields.sensitive;
    this.#head = head;
    this.#filter = peer.kind === 'gateway' ? fromGateway : fromClient;
    this.#passed = passed;
    this.#id = passed.hasId ? '' : ids.nextLine();
  }

  lines(): FieldLines {
    const passed = this.#passed;
    const { fields, connectionTokens } = this.#head;
    passed.lines ??= (fields.without(this.#filter, connectionTokens) + passed.own) as FieldLines;
    return (passed.lines + this.#id) as FieldLines;
  }

  list(): Fields {
    this.#list ??= this.#makeList();
    return this.#list;
  }

  #makeList(): Fields {
    const { fields: received, connectionTokens } = this.#head;
    const fields = received.listWithout(this.#filter, connectionTokens);
    pushLines(fields, this.#passed.own);
    if (this.#id !== '') fields.push(requestIdField, this.#id.slice(requestIdField.length + 2, -2));
    if (welcomesTrailers(received.get('te'))) fields.push('te', 'trailers');
    return fields;
  }
}
