/** Owns what a host with a port looks like: in Host, in an absolute target, in the target of CONNECT. */
import { isIPv6 } from 'node:net';

const name = /^[\w.~-]+$/;
const hostPort = /^(?:[\w.~-]+|\[([\da-f:.]+)\])(?::(\d{1,5}))?$/i;

/**
 * RFC 9110 section 7.2, `uri-host [ ":" port ]`, as strictly as names that resolve allow: not empty, no user
 * information, no zone identifier, a port of 1 to 5 digits up to 65535. Of RFC 3986's `reg-name` only the
 * unreserved: percent-encoding and sub-delims are in no name, and `,` is how two Host fields look when joined.
 */
export function isAuthority(text: string): boolean {
  return name.test(text) || parse(text) !== undefined;
}

/** The target of CONNECT (RFC 9110 section 9.3.6): the port is there, and is not 0. */
export function isTunnelAuthority(text: string): boolean {
  const port = parse(text)?.port;
  return port !== undefined && port > 0;
}

function parse(text: string): { readonly port: number | undefined } | undefined {
  const [matched, address, digits] = hostPort.exec(text) ?? [];
  const port = digits === undefined ? undefined : Number(digits);
  if (matched === undefined || (port !== undefined && port > 65_535)) return undefined;
  return address === undefined || isIPv6(address) ? { port } : undefined;
}
