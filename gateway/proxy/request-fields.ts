/** Owns the fields of a request on its way on: what came in and may go on, and what we say of it. */
import type { ServiceName } from '../../core/names.ts';
import type { FieldFilter } from '../wire/http1/field-filter.ts';
import type { FieldLines } from '../wire/http1/field-lines.ts';
import type { Exchange } from './exchange.ts';
import { fromClient, fromGateway, requestIdField, welcomesTrailers } from './headers.ts';
import type { Fields, OutgoingFields, ReceivedFields } from './message.ts';
import type { OwnLines } from './own-lines.ts';
import type { RequestIds } from './request-id.ts';

/** The same fields for every try of a request. Whichever form the next hop takes is made once. */
export class RequestFields implements OutgoingFields {
  readonly sensitive: readonly string[] | undefined;
  readonly #received: ReceivedFields;
  readonly #filter: FieldFilter;
  readonly #connectionTokens: readonly string[];
  /** `name: value` lines, made of what is valid: names, addresses and received fields. */
  readonly #own: string;
  #lines: FieldLines | undefined;
  #list: Fields | undefined;

  constructor({ head, peer }: Exchange, service: ServiceName, says: OwnLines, ids: RequestIds) {
    const { fields } = head;
    this.sensitive = fields.sensitive;
    this.#received = fields;
    this.#filter = peer.kind === 'gateway' ? fromGateway : fromClient;
    this.#connectionTokens = head.connectionTokens;
    let own = says.via(head, service);
    if (fields.get(requestIdField) === undefined) own += `${requestIdField}: ${ids.next()}\r\n`;
    if (peer.kind === 'client') {
      own += says.provenance(head, peer.address);
      if (peer.certificate !== undefined) {
        own += `x-forwarded-client-cert: ${peer.certificate}\r\n`;
      }
    }
    this.#own = own;
  }

  lines(): FieldLines {
    this.#lines ??= (this.#received.without(this.#filter, this.#connectionTokens) +
      this.#own) as FieldLines;
    return this.#lines;
  }

  list(): Fields {
    this.#list ??= this.#makeList();
    return this.#list;
  }

  #makeList(): Fields {
    const fields = this.#received.listWithout(this.#filter, this.#connectionTokens);
    for (const line of this.#own.split('\r\n')) {
      const colon = line.indexOf(': ');
      if (colon > 0) fields.push(line.slice(0, colon), line.slice(colon + 2));
    }
    if (welcomesTrailers(this.#received.get('te'))) fields.push('te', 'trailers');
    return fields;
  }
}
