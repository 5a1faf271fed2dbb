/** Owns the fields of a request on its way on: what came in and may go on, and what we say of it. */
import type { ServiceName } from '../../core/names.ts';
import type { FieldFilter } from '../wire/http1/field-filter.ts';
import type { FieldLines } from '../wire/http1/field-lines.ts';
import type { Exchange } from './exchange.ts';
import { fromClient, fromGateway, requestIdField, welcomesTrailers } from './headers.ts';
import type { Fields, OutgoingFields, ReceivedFields } from './message.ts';
import type { Observer } from './observer.ts';
import type { OwnLines } from './own-lines.ts';
import type { RequestIds } from './request-id.ts';
import type { Trail } from './trail.ts';

/** The same fields for every try of a request. Whichever form the next hop takes is made once. */
export class RequestFields implements OutgoingFields {
  readonly sensitive: readonly string[] | undefined;
  readonly #received: ReceivedFields;
  readonly #filter: FieldFilter;
  /** Names of fields that don't go on, either. */
  readonly #dropped: readonly string[];
  /** `name: value` lines, made of what is valid: names, addresses and received fields. */
  readonly #own: string;
  #lines: FieldLines | undefined;
  #list: Fields | undefined;

  /** `trail`: where the request is looked at; `observer`: where any is. */
  constructor(
    { head, peer }: Exchange,
    service: ServiceName,
    says: OwnLines,
    ids: RequestIds,
    trail: Trail | undefined,
    observer: Observer | undefined,
  ) {
    const { fields } = head;
    this.sensitive = fields.sensitive;
    this.#received = fields;
    this.#filter = peer.kind === 'gateway' ? fromGateway : fromClient;
    this.#dropped = head.connectionTokens;
    let own = says.via(head, service);
    let requestId = fields.get(requestIdField);
    if (requestId === undefined) {
      requestId = ids.next();
      own += `${requestIdField}: ${requestId}\r\n`;
    }
    if (trail !== undefined) {
      trail.requestId = requestId;
      own += trail.lines;
      if (trail.replaces.length > 0) this.#dropped = [...head.connectionTokens, ...trail.replaces];
    } else if (observer !== undefined) own += observer.unrecorded(fields);
    if (peer.kind === 'client') {
      own += says.provenance(head, peer.address);
      if (peer.certificate !== undefined) {
        own += `x-forwarded-client-cert: ${peer.certificate}\r\n`;
      }
      own += says.service(head.authority, service);
    }
    this.#own = own;
  }

  lines(): FieldLines {
    this.#lines ??= (this.#received.without(this.#filter, this.#dropped) + this.#own) as FieldLines;
    return this.#lines;
  }

  list(): Fields {
    this.#list ??= this.#makeList();
    return this.#list;
  }

  #makeList(): Fields {
    const fields = this.#received.listWithout(this.#filter, this.#dropped);
    for (const line of this.#own.split('\r\n')) {
      const colon = line.indexOf(': ');
      if (colon > 0) fields.push(line.slice(0, colon), line.slice(colon + 2));
    }
    if (welcomesTrailers(this.#received.get('te'))) fields.push('te', 'trailers');
    return fields;
  }
}
