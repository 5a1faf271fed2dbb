/** Owns what rules may look at of a request: each found when the first rule asks for it. */
import { isIP } from 'node:net';
import type { ClusterName, FederationName } from '../../../../core/names.ts';
import { hostIn, readAuthority } from '../../../../core/uri-authority.ts';
import { urisIn } from '../../message/certificate-names.ts';
import { clientAddress } from '../../message/client-origin.ts';
import type { Exchange } from '../../message/exchange.ts';
import { clientCertificateId, forwardedForId } from '../../message/headers.ts';
import { foreignDomainOf } from '../../message/peer.ts';
import { shownCertificate } from '../../message/shown-certificate.ts';
import type { VerifiedToken } from '../../message/verified-token.ts';
import { firstSegment, foldedPath } from './paths.ts';

/** Where rules are gone by. */
export interface Place {
  readonly cluster: ClusterName;
  readonly federation: FederationName;
}

const scheme = 'spiffe://';

export class Facts {
  readonly exchange: Exchange;
  /** The name of the service's port that is asked for; undefined: the one that has none. */
  readonly portName: string | undefined;
  readonly #place: Place;
  #names: readonly string[] | undefined;
  #principals: readonly string[] | undefined;
  #remoteIp: string | undefined;
  #host: string | undefined;
  #path: string | undefined;
  #folded: string | undefined;

  constructor(exchange: Exchange, place: Place, portName: string | undefined) {
    this.exchange = exchange;
    this.portName = portName;
    this.#place = place;
  }

  /** Whether it is octets both ways, of which only the connection is known. */
  get isTcp(): boolean {
    return this.exchange.head.tunnel?.kind === 'tcp';
  }

  /** The connection's other end. */
  get ip(): string {
    return this.exchange.peer.address;
  }

  /** The client: as a trusted proxy names it, or the gateway that it asked. */
  get remoteIp(): string {
    this.#remoteIp ??= this.#findRemoteIp();
    return this.#remoteIp;
  }

  /** The cluster by whose gateway it came in. */
  get cluster(): ClusterName {
    const { peer } = this.exchange;
    return peer.kind === 'gateway' ? peer.cluster : this.#place.cluster;
  }

  /** The trust domain outside of the federation that the caller is of: such callers may ask only where a rule names them. */
  get foreign(): string | undefined {
    return foreignDomainOf(this.exchange.peer, this.exchange.head.fields);
  }

  /** The caller's names by its verified certificate, without `spiffe://`. */
  get principals(): readonly string[] {
    this.#principals ??= this.#uris.map(withoutScheme);
    return this.#principals;
  }

  /** Those of its names that are SPIFFE IDs. */
  get trustDomains(): readonly string[] {
    return this.#uris.flatMap((uri) => domainIn(uri) ?? []);
  }

  /** Those in its names. */
  get namespaces(): readonly string[] {
    return this.principals.flatMap((one) => /^[^/]+\/ns\/([^/]+)\//.exec(one)?.[1] ?? []);
  }

  get token(): VerifiedToken | undefined {
    return this.exchange.passage?.token;
  }

  /** In lower case, without the port. */
  get host(): string {
    this.#host ??= hostIn(this.exchange.head.authority);
    return this.#host;
  }

  /** The same with its port, where one is asked for. */
  get hostWithPort(): string {
    return this.exchange.head.authority.toLowerCase();
  }

  /** As a text; undefined for what no port is asked of. */
  get port(): string | undefined {
    const { authority, scheme: by } = this.exchange.head;
    const port = readAuthority(authority)?.port;
    if (port !== undefined) return String(port);
    if (this.isTcp) return undefined;
    return by === 'https' ? '443' : '80';
  }

  /** Without the query. */
  get path(): string {
    if (this.#path === undefined) {
      const { path } = this.exchange.head;
      const query = path.indexOf('?');
      this.#path = query < 0 ? path : path.slice(0, query);
    }
    return this.#path;
  }

  /** The path as services may read it that take `//` for `/`, and parameters of segments for nothing; mostly the very same. */
  get folded(): string {
    this.#folded ??= foldedPath(this.path);
    return this.#folded;
  }

  get segment(): string {
    return firstSegment(this.path);
  }

  get foldedSegment(): string {
    return firstSegment(this.folded);
  }

  /** By the word of the gateway that it asked, which is the first in the list. */
  #findRemoteIp(): string {
    const { head, peer } = this.exchange;
    if (peer.kind !== 'gateway') return clientAddress(head, peer);
    const [first = ''] = head.fields.allById(forwardedForId);
    const said = first.split(',', 1)[0]?.trim() ?? '';
    return isIP(said) === 0 ? peer.address : said;
  }

  /** The caller's names by its verified certificate, as they are in it. */
  get #uris(): readonly string[] {
    this.#names ??= this.#findNames();
    return this.#names;
  }

  #findNames(): readonly string[] {
    const { head, peer } = this.exchange;
    const shown =
      peer.kind === 'gateway'
        ? shownCertificate(head.fields.allById(clientCertificateId))
        : peer.kind === 'client'
          ? peer.certificate
          : undefined;
    if (shown === undefined) return [];
    return urisIn(shown).filter((uri) => this.#isVouchedFor(uri));
  }

  /** A name of the federation's is believed where the cluster that it names says so: no cluster's word, nor its ingress's authorities, count for another's. */
  #isVouchedFor(uri: string): boolean {
    const domain = domainIn(uri);
    if (domain === undefined) return true;
    const { federation } = this.#place;
    return !domain.endsWith(`.${federation}`) || domain === `${this.cluster}.${federation}`;
  }
}

function withoutScheme(uri: string): string {
  return uri.startsWith(scheme) ? uri.slice(scheme.length) : uri;
}

/** The trust domain of a SPIFFE ID; undefined for a URI that is none. */
function domainIn(uri: string): string | undefined {
  return uri.startsWith(scheme) ? uri.slice(scheme.length).split('/', 1)[0] : undefined;
}
