/** Owns ranges of IP addresses as CIDR writes them: `10.0.0.0/8`, or one address. */
import { isIP } from 'node:net';

interface Cidr {
  readonly address: string;
  /** Leading bits that count. */
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

export function readCidr(text: string): Cidr | undefined {
  const [address = '', digits, more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more !== undefined || address.includes('%')) return undefined;
  const most = version === 4 ? 32 : 128;
  if (digits !== undefined && !/^\d{1,3}$/.test(digits)) return undefined;
  const bits = digits === undefined ? most : Number(digits);
  if (bits > most) return undefined;
  return { address, bits, family: version === 4 ? 'ipv4' : 'ipv6' };
}
