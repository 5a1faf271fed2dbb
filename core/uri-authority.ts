/** Owns the form of a host with a port wherever one is named: requests, configuration, records, the admin API. */
import { isIPv6 } from 'node:net';

interface UriAuthority {
  /** A name or an IPv4 address as it was written, or an IPv6 address without its brackets. */
  readonly host: string;
  /** Undefined where there is none, or an empty one (RFC 3986 section 3.2.3). */
  readonly port: number | undefined;
  /** Of a link-local IPv6 address, beginning with `%` (RFC 4007 section 11): means something on this machine only. */
  readonly zone: string;
}

const name = /^[\w.~-]+$/;
const hostPort = /^(?:([\w.~-]+)|\[([\da-f:.]+)(%[\w.-]+)?\])(?::(\d{0,5}))?$/i;

/**
 * Reads `uri-host [ ":" port ]` (RFC 9110 section 4.2.1), as strictly as names that resolve allow: not empty, no user
 * information, a port of at most five digits up to 65535. Of RFC 3986's `reg-name` only the unreserved:
 * percent-encoding and sub-delims are in no name, and `,` is how two Host fields look when joined.
 */
export function readAuthority(text: string): UriAuthority | undefined {
  const [matched, named, address, zone = '', digits = ''] = hostPort.exec(text) ?? [];
  if (matched === undefined || Number(digits) > 65_535) return undefined;
  const host = named ?? address ?? '';
  if (address !== undefined && !isIPv6(address)) return undefined;
  return { host, port: digits === '' ? undefined : Number(digits), zone };
}

/** Whether a request may be for the authority: it has no zone of this machine (RFC 9110 section 4.2.1 has none). */
export function isAuthority(text: string): boolean {
  return name.test(text) || readAuthority(text)?.zone === '';
}

/** Whether it can be the target of CONNECT (RFC 9110 section 9.3.6): the port is there, and is not 0. */
export function isTunnelAuthority(text: string): boolean {
  const authority = readAuthority(text);
  return authority?.zone === '' && authority.port !== undefined && authority.port > 0;
}

/** Whether the text is a name, or an IP address without brackets, perhaps with its zone. */
export function isHost(text: string): boolean {
  return name.test(text) || (text.includes(':') && readAuthority(`[${text}]`) !== undefined);
}

const colon = 0x3a;

/** An authority without the colon of an empty port, which means nothing (RFC 3986 section 6.2.3). */
export function withoutEmptyPort(authority: string): string {
  const last = authority.length - 1;
  return authority.charCodeAt(last) === colon ? authority.slice(0, last) : authority;
}

/** The host of an authority: without the port and one trailing dot, in lower case (RFC 9110 section 4.2.3). */
export function hostIn(authority: string): string {
  const at = authority.lastIndexOf(':');
  const host = at > authority.lastIndexOf(']') ? authority.slice(0, at) : authority;
  return (host.endsWith('.') ? host.slice(0, -1) : host).toLowerCase();
}
