/** Owns what a ClientHello says of where its sender wants to go (RFC 8446 section 4.1.2): server name and protocols. */
import { VectorReader } from './vector-reader.ts';

export interface ClientHello {
  /** The host asked for, in lower case (RFC 6066 section 3); undefined when none was named. */
  readonly serverName: string | undefined;
  /** Protocols offered, the best first (RFC 7301 section 3.1); empty when none were. */
  readonly protocols: readonly string[];
}

export interface HelloRefusal {
  readonly kind: 'refused';
  /** Why, as a sentence without a trailing period. */
  readonly what: string;
}

const extensionType = { serverName: 0, protocols: 16 } as const;
const hostNameType = 0;

/** Letters, digits, hyphens and underscores in labels: what names of hosts are made of. */
const hostName = /^(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/;

/** Reads the body of a ClientHello: what follows the type and the length of the handshake message. */
export function parseClientHello(body: Buffer): ClientHello | HelloRefusal {
  const hello = new VectorReader(body);
  hello.skip(2 + 32); // legacy_version, random
  const sessionId = hello.vector8().left;
  const suites = hello.vector16().left;
  const compressions = hello.vector8().left;
  if (hello.isBroken || sessionId > 32 || suites === 0 || suites % 2 !== 0 || compressions === 0) {
    return refused('The ClientHello is malformed');
  }
  // TLS 1.2 has hellos without extensions.
  if (!hello.hasMore) return { serverName: undefined, protocols: [] };
  const extensions = hello.vector16();
  if (hello.isBroken || hello.hasMore) return refused('The ClientHello is malformed');
  return readExtensions(extensions);
}

function readExtensions(extensions: VectorReader): ClientHello | HelloRefusal {
  const seen = new Set<number>();
  let serverName: string | undefined;
  let protocols: readonly string[] = [];
  while (extensions.hasMore) {
    const type = extensions.uint16();
    const data = extensions.vector16();
    if (extensions.isBroken) return refused('The extensions of the ClientHello are malformed');
    if (seen.has(type)) return refused(`The ClientHello has extension ${type} twice`);
    seen.add(type);
    if (type === extensionType.serverName) {
      const name = readServerName(data);
      if (typeof name === 'object') return name;
      serverName = name;
    } else if (type === extensionType.protocols) {
      const names = readProtocols(data);
      if ('kind' in names) return names;
      protocols = names;
    }
  }
  return { serverName, protocols };
}

function readServerName(data: VectorReader): string | undefined | HelloRefusal {
  const list = data.vector16();
  if (data.isBroken || data.hasMore || !list.hasMore)
    return refused('The server name is malformed');
  let found: string | undefined;
  while (list.hasMore) {
    const type = list.uint8();
    const name = list.vector16();
    if (list.isBroken) return refused('The server name is malformed');
    if (type !== hostNameType) continue;
    if (found !== undefined) return refused('The ClientHello names two servers');
    // RFC 6066 section 3 has no dot at the end; clients send the one of an absolute name, and mean the same host.
    found = name.text().toLowerCase().replace(/\.$/, '');
    if (!hostName.test(found)) return refused('The server name is no name of a host');
  }
  return found;
}

function readProtocols(data: VectorReader): readonly string[] | HelloRefusal {
  const list = data.vector16();
  if (data.isBroken || data.hasMore || !list.hasMore) {
    return refused('The list of protocols is malformed');
  }
  const names: string[] = [];
  while (list.hasMore) {
    const name = list.vector8();
    if (list.isBroken || !name.hasMore) return refused('The list of protocols is malformed');
    names.push(name.text());
  }
  return names;
}

export function refused(what: string): HelloRefusal {
  return { kind: 'refused', what };
}
