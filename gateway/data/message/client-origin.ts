/** Owns finding a request's client: the other end of its connection, or the client that a trusted proxy there names. */
import { isIP } from 'node:net';
import { isAuthority, readAuthority } from '../../../core/uri-authority.ts';
import { isFieldContent, isToken } from '../wire/http1/grammar.ts';
import type { Exchange } from './exchange.ts';
import { forwardedForId } from './headers.ts';
import type { ReceivedFields, RequestHead } from './message.ts';
import type { ClientPeer, Peer } from './peer.ts';
import type { TrustedProxies } from './trusted-proxies.ts';

interface ClientOrigin {
  /** IP addresses: the client's, and of the proxies it came through, the last one connected to us. */
  readonly client: string;
  readonly through: readonly string[];
  /** The host that the client asked for, and how. */
  readonly host: string;
  readonly proto: string;
}

/** A proxy's word about its client. */
interface Hop {
  readonly node: string;
  readonly host: string | undefined;
  readonly proto: string | undefined;
}

/** The client's address; a gateway's where one asks. */
export function clientAddress(head: RequestHead, peer: Peer): string {
  if (peer.kind !== 'client' || peer.proxies === undefined) return peer.address;
  return originOf(head, peer, peer.proxies).client;
}

/** The client's address as the gateway saw it that the client asked: another gateway tells it, and is believed. */
export function originalClient({ head, peer }: Pick<Exchange, 'head' | 'peer'>): string {
  if (peer.kind !== 'gateway') return clientAddress(head, peer);
  const [client] = (head.fields.getById(forwardedForId) ?? peer.address).split(',', 1);
  return client as string;
}

/**
 * Of what `peer`, a trusted proxy, has added to what those before it said: from the end, up to the first address that is not
 * trusted, which is the client's. What is before that the client itself may have written.
 */
export function originOf(
  { fields, authority, scheme }: RequestHead,
  { address }: ClientPeer,
  proxies: TrustedProxies,
): ClientOrigin {
  const hops = proxies.fields === 'forwarded' ? forwardedHops(fields) : xForwardedHops(fields);
  const through: string[] = [];
  let client = address;
  let last: Hop | undefined;
  for (let i = hops.length - 1; i >= 0 && proxies.has(client); i--) {
    const hop = hops[i] as Hop;
    const node = addressIn(hop.node);
    if (node === undefined) break;
    through.unshift(client);
    client = node;
    last = hop;
  }
  const { host, proto } = last ?? { host: undefined, proto: undefined };
  return {
    client,
    through,
    host: host !== undefined && isAuthority(host) ? host : authority,
    proto: proto === 'http' || proto === 'https' ? proto : scheme,
  };
}

/** An IP address, perhaps with a port (RFC 7239 section 6); names and `unknown` are none. */
function addressIn(node: string): string | undefined {
  if (isIP(node) !== 0) return node.replace(/^::ffff:(?=\d)/i, '');
  const read = readAuthority(node);
  return read !== undefined && read.zone === '' && isIP(read.host) !== 0 ? read.host : undefined;
}

/** The nearest proxy's `X-Forwarded-Host` and `-Proto` hold for all: most write one value, whatever came. */
function xForwardedHops(fields: ReceivedFields): Hop[] {
  const lastOf = (name: string) => membersIn(fields.all(name)).at(-1);
  const host = lastOf('x-forwarded-host');
  const proto = lastOf('x-forwarded-proto')?.toLowerCase();
  return membersIn(fields.all('x-forwarded-for')).map((node) => ({ node, host, proto }));
}

function membersIn(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(',').map((member) => member.trim()));
}

const quoted = '"(?:[^"\\\\]|\\\\.)*"';
const element = new RegExp(`\\s*((?:[^",]|${quoted})*)(?:,|$)`, 'y');
const pair = new RegExp(`\\s*([^=;"\\s]+)=([^;"\\s]*|${quoted})\\s*(?:;|$)`, 'y');

/** RFC 7239 section 4. One that is malformed says nothing. */
function forwardedHops(fields: ReceivedFields): Hop[] {
  const hops: Hop[] = [];
  const text = fields.all('forwarded').join(',');
  if (text === '' || !isFieldContent(text)) return hops;
  for (const part of partsOf(element, text) ?? []) {
    const said = new Map<string, string>();
    for (const found of partsOf(pair, part[1] as string) ?? []) {
      const [, name = '', value = ''] = found;
      if (!isToken(name)) return [];
      said.set(name.toLowerCase(), unquoted(value));
    }
    hops.push({
      node: said.get('for') ?? '',
      host: said.get('host'),
      proto: said.get('proto')?.toLowerCase(),
    });
  }
  return hops;
}

/** The matches of a sticky expression, one after another to the end of the text; undefined where they don't reach it. */
function partsOf(expression: RegExp, text: string): RegExpExecArray[] | undefined {
  const parts: RegExpExecArray[] = [];
  expression.lastIndex = 0;
  while (expression.lastIndex < text.length) {
    const found = expression.exec(text);
    if (found === null) return undefined;
    parts.push(found);
  }
  expression.lastIndex = 0;
  return parts;
}

function unquoted(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value;
}
