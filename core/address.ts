/** Owns `host:port` addresses: splitting, joining, and telling loopback and wildcards from the rest. */

import { IsthmusError } from './errors.ts';
import { readAuthority } from './uri-authority.ts';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port` or `[ipv6]:port`; an address of this machine's may have its zone. */
export function readAddress(text: string): HostPort | undefined {
  const authority = readAuthority(text);
  if (authority?.port === undefined) return undefined;
  return { host: authority.host + authority.zone, port: authority.port };
}

/** The same of text that has to be one. Throws CONFIG_INVALID. */
export function parseAddress(text: string): HostPort {
  const address = readAddress(text);
  if (address !== undefined) return address;
  throw new IsthmusError('CONFIG_INVALID', { what: `${JSON.stringify(text)} is not host:port` });
}

export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** True for a host that is listened on and stands for every address of the machine: nobody can dial it. */
export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** True for a host that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
