/** Owns the field lines that this gateway adds to requests and responses that pass through it: made once, used by many. */
import type { ClusterName, FederationName, ServiceName } from '../../../core/names.ts';
import { ownText } from '../../../core/own-text.ts';
import type { Target } from '../balance/types.ts';
import type { FieldLines } from '../wire/http1/field-lines.ts';
import { originOf } from './client-origin.ts';
import {
  clientCertificateField,
  clientCertificateId,
  clusterField,
  endpointField,
  endpointId,
  sourceField,
  viaId,
} from './headers.ts';
import type { ReceivedFields, RequestHead } from './message.ts';
import type { Peer } from './peer.ts';
import { shownCertificate } from './shown-certificate.ts';

interface OwnLinesOptions {
  readonly cluster: ClusterName;
  readonly federation: FederationName;
  /** Our name in `Via`. */
  readonly pseudonym: string;
  /** Our SPIFFE ID. */
  readonly id: string;
  /** Whether clients are told who served them. */
  readonly exposeDecision: boolean;
}

/** The lines last made about a client's address. */
interface Said {
  readonly client: string;
  /** The proxies it came through. */
  readonly through: string;
  readonly authority: string;
  readonly scheme: string;
  readonly lines: string;
}

/** The lines last made for requests to a service that had passed other gateways. */
interface Passed {
  readonly before: string;
  readonly protocol: string;
  readonly caller: string;
  readonly lines: string;
}

type CallingGateway = Peer & { readonly kind: 'gateway' };

/** The lines about requests of another cluster's gateway. */
interface Caller {
  /** The name of its cluster, as a line. */
  readonly source: string;
  /** Its gateway's verified certificate, an element of `x-forwarded-client-cert`. */
  readonly verified: string;
  /** Both as lines. */
  readonly lines: string;
}

/** The lines about an endpoint's responses. */
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
  readonly #callers = new WeakMap<CallingGateway, Caller>();
  readonly #served: (Served | undefined)[] = new Array(places).fill(undefined);
  readonly #responseVia: string;

  constructor(options: OwnLinesOptions) {
    this.#options = options;
    this.#responseVia = `via: 1.1 ${options.pseudonym}\r\n`;
  }

  /** All lines that are added to a request but its id: that it passed here, and who called. */
  ofRequest(head: RequestHead, peer: Peer, service: ServiceName): string {
    if (peer.kind === 'gateway') return this.#viaOf(head, service, this.#calledBy(peer, head));
    const via = this.#viaOf(head, service, '');
    if (peer.kind !== 'client') return via;
    const { certificate } = peer;
    const shown = certificate === undefined ? '' : `${clientCertificateField}: ${certificate}\r\n`;
    if (peer.proxies === undefined) {
      return `${via}${this.#provenance(peer.address, '', head.authority, head.scheme)}${shown}`;
    }
    const { client, through, host, proto } = originOf(head, peer, peer.proxies);
    return `${via}${this.#provenance(client, through.join(between), host, proto)}${shown}`;
  }

  /** The same to a host outside of the federation, which is not told who called. */
  toOutside(head: RequestHead, service: ServiceName): string {
    return this.#viaOf(head, service, '');
  }

  /** The lines about the calling cluster, and the client whose certificate it has verified, if any: its word stands before ours. */
  #calledBy(peer: CallingGateway, { fields }: RequestHead): string {
    const { source, verified, lines } = this.#callerOf(peer);
    const shown = shownCertificate(fields.allById(clientCertificateId));
    if (shown === undefined) return lines;
    return `${source}${clientCertificateField}: ${shown},${verified}\r\n`;
  }

  #callerOf(peer: CallingGateway): Caller {
    let caller = this.#callers.get(peer);
    if (caller === undefined) {
      const source = `${sourceField}: ${peer.cluster}\r\n`;
      const verified = `By=${this.#options.id};URI=${peer.id}`;
      const lines = `${source}${clientCertificateField}: ${verified}\r\n`;
      caller = { source, verified, lines: ownText(lines) };
      this.#callers.set(peer, caller);
    }
    return caller;
  }

  /** The `Via` that came, with this gateway and the service added; then the lines about the caller. */
  #viaOf({ fields, protocol }: RequestHead, service: ServiceName, caller: string): string {
    const passed = fields.allById(viaId);
    if (passed.length > 0) return this.#viaAfter(passed, protocol, service, caller);
    if (protocol !== '1.1') return `via: ${this.#passing(protocol, service)}\r\n${caller}`;
    let line = this.#via.get(service);
    if (line === undefined) {
      line = `via: ${this.#passing(protocol, service)}\r\n`;
      remember(this.#via, service, line);
    }
    return line + caller;
  }

  /** Most come from gateways, which say the same each time. */
  #viaAfter(
    passed: readonly string[],
    protocol: string,
    service: ServiceName,
    caller: string,
  ): string {
    const before = passed.length === 1 ? (passed[0] as string) : passed.join(', ');
    const last = this.#passed.get(service);
    if (last?.before === before && last.protocol === protocol && last.caller === caller) {
      return last.lines;
    }
    const lines = ownText(`via: ${before}, ${this.#passing(protocol, service)}\r\n${caller}`);
    if (lines.length <= longest) {
      const kept = { before: ownText(before), protocol, caller: ownText(caller), lines };
      remember(this.#passed, service, kept);
    }
    return lines;
  }

  /** The lines that say who called, by whom, and how (RFC 7239, and the fields before it). */
  #provenance(client: string, through: string, authority: string, scheme: string): string {
    const place = placeOf(client);
    const said = this.#said[place];
    if (
      said !== undefined &&
      said.client === client &&
      said.through === through &&
      said.authority === authority &&
      said.scheme === scheme
    ) {
      return said.lines;
    }
    let forwarded = `for=${nodeOf(client)};host="${authority}";proto=${scheme}`;
    if (through !== '') {
      for (const proxy of through.split(between)) forwarded += `, for=${nodeOf(proxy)}`;
    }
    const lines = ownText(
      `forwarded: ${forwarded}\r\n` +
        `x-forwarded-for: ${through === '' ? client : client + between + through}\r\n` +
        `x-forwarded-host: ${authority}\r\n` +
        `x-forwarded-proto: ${scheme}\r\n`,
    );
    this.#said[place] = {
      client: ownText(client),
      through: ownText(through),
      authority: ownText(authority),
      scheme,
      lines,
    };
    return lines;
  }

  /** Whether an authority says which service a request is for, and which port of it: another cluster does not know the hosts of an ingress here. */
  isNamed(authority: string, asked: string): boolean {
    return isOwnName(authority, asked, this.#options.federation);
  }

  /** Whether clients may know how was decided. */
  get tellsDecisions(): boolean {
    return this.#options.exposeDecision;
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

/** Separates addresses in a list. */
const between = ', ';

/** RFC 7239 section 6: an IPv6 address has brackets, and then needs quotes. */
function nodeOf(address: string): string {
  return address.includes(':') ? `"[${address}]"` : address;
}

const dot = 46;
const colon = 58;

/** Whether `authority` is `<service>.<federation>`, with or without a number of a port. */
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
