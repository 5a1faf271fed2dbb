/** Owns `host:port` addresses: splitting, joining, and telling loopback and wildcards from the rest. */
import { IsthmusError } from './errors.ts';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Splits `host:port` or `[ipv6]:port`. Throws CONFIG_INVALID. */
export function parseAddress(text: string): HostPort {
  const match = /^(?:\[([^\]]+)\]|([^\s:[\]/]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) {
    throw new IsthmusError('CONFIG_INVALID', { what: `${JSON.stringify(text)} is not host:port` });
  }
  return { host: match[1] ?? match[2] ?? '', port };
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
