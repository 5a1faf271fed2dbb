/** Owns what this gateway says of requests and responses that pass through it: lines made once, used by many. */
import type { ClusterName, FederationName, ServiceName } from '../../core/names.ts';
import { ownText } from '../../core/own-text.ts';
import type { Target } from '../balance/types.ts';
import type { FieldLines } from '../wire/http1/field-lines.ts';
import { clusterField, endpointField, endpointId, serviceField, viaId } from './headers.ts';
import type { ReceivedFields, RequestHead } from './message.ts';
import type { Peer } from './peer.ts';

export interface OwnLinesOptions {
  readonly cluster: ClusterName;
  readonly federation: FederationName;
  /** Our name in `Via`. */
  readonly pseudonym: string;
  /** Whether clients are told who served them. */
  readonly exposeDecision: boolean;
}

/** What was last said of a client's address. */
interface Said {
  readonly address: string;
  readonly authority: string;
  readonly scheme: string;
  readonly lines: string;
}

/** What was last said of requests for a service that had passed others. */
interface Passed {
  readonly before: string;
  readonly protocol: string;
  readonly line: string;
}

/** What is said of an endpoint's responses. */
interface Served {
  readonly cluster: ClusterName;
  readonly endpoint: string;
  readonly lines: FieldLines;
}

/** A power of two. Clients, or endpoints, that fall into the same place only cost each other the memory of it. */
const places = 1024;

/** Most lines remembered by service; longer ones that hold what others have said are not. */
const maxLines = 4096;
const longest = 1024;

/** Everything that goes into lines is valid by construction: names, addresses, and fields that were received. */
export class OwnLines {
  readonly #options: OwnLinesOptions;
  readonly #said: (Said | undefined)[] = new Array(places).fill(undefined);
  /** For requests of HTTP/1.1 that have passed nobody. */
  readonly #via = new Map<ServiceName, string>();
  readonly #passed = new Map<ServiceName, Passed>();
  readonly #served: (Served | undefined)[] = new Array(places).fill(undefined);
  readonly #responseVia: string;

  constructor(options: OwnLinesOptions) {
    this.#options = options;
    this.#responseVia = `via: 1.1 ${options.pseudonym}\r\n`;
  }

  /** All of it that is said of a request but its id: that it passed here, and who called. */
  ofRequest(head: RequestHead, peer: Peer, service: ServiceName): string {
    const via = this.#viaOf(head, service);
    if (peer.kind !== 'client') return via;
    const { certificate } = peer;
    const shown = certificate === undefined ? '' : `x-forwarded-client-cert: ${certificate}\r\n`;
    const own = this.#service(head.authority, service);
    return `${via}${this.#provenance(head, peer.address)}${shown}${own}`;
  }

  /** That a request has passed here for that service, and before that the same as it says. */
  #viaOf({ fields, protocol }: RequestHead, service: ServiceName): string {
    const passed = fields.allById(viaId);
    if (passed.length > 0) return this.#viaAfter(passed, protocol, service);
    if (protocol !== '1.1') return `via: ${this.#passing(protocol, service)}\r\n`;
    let line = this.#via.get(service);
    if (line === undefined) {
      line = `via: ${this.#passing(protocol, service)}\r\n`;
      remember(this.#via, service, line);
    }
    return line;
  }

  /** Most come from gateways, which say the same each time. */
  #viaAfter(passed: readonly string[], protocol: string, service: ServiceName): string {
    const before = passed.length === 1 ? (passed[0] as string) : passed.join(', ');
    const last = this.#passed.get(service);
    if (last?.before === before && last.protocol === protocol) return last.line;
    const line = ownText(`via: ${before}, ${this.#passing(protocol, service)}\r\n`);
    if (line.length <= longest)
      remember(this.#passed, service, { before: ownText(before), protocol, line });
    return line;
  }

  /** Who called, and how (RFC 7239, and the fields before it). */
  #provenance({ authority, scheme }: RequestHead, address: string): string {
    const place = placeOf(address);
    const said = this.#said[place];
    if (
      said !== undefined &&
      said.address === address &&
      said.authority === authority &&
      said.scheme === scheme
    ) {
      return said.lines;
    }
    const node = address.includes(':') ? `"[${address}]"` : address;
    const lines = ownText(
      `forwarded: for=${node};host="${authority}";proto=${scheme}\r\n` +
        `x-forwarded-for: ${address}\r\n` +
        `x-forwarded-host: ${authority}\r\n` +
        `x-forwarded-proto: ${scheme}\r\n`,
    );
    this.#said[place] = { address, authority: ownText(authority), scheme, lines };
    return lines;
  }

  /** Which service a request is for, where its authority does not say so: another cluster does not know the hosts of an ingress here. */
  #service(authority: string, service: ServiceName): string {
    if (isOwnName(authority, service, this.#options.federation)) return '';
    return `${serviceField}: ${service}\r\n`;
  }

  /** By whom a response was made, and through whom it came. */
  served(peer: Peer, target: Target, fields: ReceivedFields): FieldLines {
    const { cluster, exposeDecision } = this.#options;
    // The asking gateway needs to know whatever its client may; it decides what to show.
    if (!exposeDecision && peer.kind !== 'gateway') return this.#responseVia as FieldLines;
    if (target.kind === 'endpoint') return this.#servedBy(cluster, target.endpoint.id);
    return this.#servedBy(target.cluster, fields.getById(endpointId) ?? '');
  }

  /** `endpoint`: empty where nobody says which. */
  #servedBy(cluster: ClusterName, endpoint: string): FieldLines {
    const place = placeOf(endpoint);
    const known = this.#served[place];
    if (known?.endpoint === endpoint && known.cluster === cluster) return known.lines;
    const served = endpoint === '' ? '' : `${endpointField}: ${endpoint}\r\n`;
    const lines = ownText(
      `${this.#responseVia}${clusterField}: ${cluster}\r\n${served}`,
    ) as FieldLines;
    this.#served[place] = { cluster, endpoint: ownText(endpoint), lines };
    return lines;
  }

  #passing(protocol: string, service: ServiceName): string {
    return `${protocol} ${this.#options.pseudonym} (${service})`;
  }
}

const dot = 46;
const colon = 58;

/** Whether `authority` is `<service>.<federation>`, with or without a port. */
function isOwnName(authority: string, service: string, federation: string): boolean {
  const end = service.length + 1 + federation.length;
  return (
    authority.startsWith(service) &&
    authority.charCodeAt(service.length) === dot &&
    authority.startsWith(federation, service.length + 1) &&
    (authority.length === end || authority.charCodeAt(end) === colon)
  );
}

/** By the end of an address or id, where those that resemble each other differ most. */
function placeOf(text: string): number {
  const end = text.length - 1;
  const last = text.charCodeAt(end) + 10 * text.charCodeAt(Math.max(0, end - 1));
  return (last * 31 + text.charCodeAt(Math.max(0, end - 3))) & (places - 1);
}

function remember<Key, Value>(lines: Map<Key, Value>, key: Key, value: Value): void {
  if (lines.size >= maxLines) lines.clear();
  lines.set(key, value);
}
