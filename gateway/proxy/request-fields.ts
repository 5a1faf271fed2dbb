/** Owns the fields of a request on its way on: what came in and may go on, and what we say of it. */
import type { ServiceName } from '../../core/names.ts';
import type { FieldFilter } from '../wire/http1/field-filter.ts';
import type { FieldLines } from '../wire/http1/field-lines.ts';
import type { Exchange } from './exchange.ts';
import { fromClient, fromGateway, requestIdField, welcomesTrailers } from './headers.ts';
import { pushLines } from './line-list.ts';
import type { Fields, OutgoingFields, ReceivedFields } from './message.ts';
import type { OwnLines } from './own-lines.ts';
import type { Peer } from './peer.ts';
import type { RequestIds } from './request-id.ts';

/** The same fields for every try of a request. Whichever form the next hop takes is made once. */
export class RequestFields implements OutgoingFields {
  readonly sensitive: readonly string[] | undefined;
  readonly #received: ReceivedFields;
  readonly #filter: FieldFilter;
  readonly #connectionTokens: readonly string[];
  /** `name: value` lines, made of what is valid: names, addresses and received fields. That it passes here; */
  readonly #via: string;
  /** what it is called, where it had no name; */
  readonly #id: string | undefined;
  /** who sent it, and for which service. */
  readonly #origin: string;
  #lines: FieldLines | undefined;
  #list: Fields | undefined;

  constructor(exchange: Exchange, service: ServiceName, says: OwnLines, ids: RequestIds) {
    const { head, peer } = exchange;
    const { fields } = head;
    this.sensitive = fields.sensitive;
    this.#received = fields;
    this.#filter = peer.kind === 'gateway' ? fromGateway : fromClient;
    this.#connectionTokens = head.connectionTokens;
    this.#via = says.via(head, service);
    this.#id = fields.get(requestIdField) === undefined ? ids.next() : undefined;
    this.#origin = peer.kind === 'client' ? originOf(exchange, peer, service, says) : '';
  }

  lines(): FieldLines {
    this.#lines ??= this.#makeLines();
    return this.#lines;
  }

  list(): Fields {
    this.#list ??= this.#makeList();
    return this.#list;
  }

  #makeLines(): FieldLines {
    const received = this.#received.without(this.#filter, this.#connectionTokens);
    const id = this.#id === undefined ? '' : `${requestIdField}: ${this.#id}\r\n`;
    return `${received}${this.#via}${id}${this.#origin}` as FieldLines;
  }

  #makeList(): Fields {
    const fields = this.#received.listWithout(this.#filter, this.#connectionTokens);
    pushLines(fields, this.#via);
    if (this.#id !== undefined) fields.push(requestIdField, this.#id);
    if (this.#origin !== '') pushLines(fields, this.#origin);
    if (welcomesTrailers(this.#received.get('te'))) fields.push('te', 'trailers');
    return fields;
  }
}

function originOf(
  { head }: Exchange,
  { address, certificate }: Peer & { readonly kind: 'client' },
  service: ServiceName,
  says: OwnLines,
): string {
  const cert = certificate === undefined ? '' : `x-forwarded-client-cert: ${certificate}\r\n`;
  return `${says.provenance(head, address)}${cert}${says.service(head.authority, service)}`;
}
