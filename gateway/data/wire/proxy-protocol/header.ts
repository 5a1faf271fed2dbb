/** Owns what a PROXY protocol header says, and the words in which its readers tell it. */
import { isIPv4, SocketAddress } from 'node:net';

export type HeaderReading =
  /** The header is not whole yet. */
  | { readonly kind: 'more' }
  | {
      readonly kind: 'header';
      /**
       * IP address of the client, in the form that addresses of sockets have. Undefined where the sender doesn't say one,
       * or speaks for itself.
       */
      readonly client: string | undefined;
      /** Octets of the header; what follows is the client's. */
      readonly length: number;
    }
  | HeaderRefusal;

export interface HeaderRefusal {
  readonly kind: 'refused';
  readonly what: string;
}

export const more: HeaderReading = { kind: 'more' };

export function refused(what: string): HeaderRefusal {
  return { kind: 'refused', what };
}

/** Whether `octets`, as far as they have come, are those of `start`. */
export function mayBegin(octets: Buffer, start: Buffer): boolean {
  const length = Math.min(octets.length, start.length);
  return octets.compare(start, 0, length, 0, length) === 0;
}

/** `address` is an IPv6 address however it is written; IPv4 that is mapped into IPv6 is told as such. */
export function canonicalIPv6(address: string): string {
  const text = new SocketAddress({ address, family: 'ipv6' }).address;
  const mapped = text.startsWith('::ffff:') ? text.slice(7) : '';
  return isIPv4(mapped) ? mapped : text;
}
