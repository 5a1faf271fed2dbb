/** Owns who is believed when it says for whom it asks: load balancers before this gateway, by their addresses. */
import { BlockList, isIP } from 'node:net';
import { readCidr } from '../../../core/cidr.ts';

/** The fields that say for whom a proxy asks. One kind is believed: a proxy that writes it lets the other through as its client sent it. */
export type TrustedFields = 'x-forwarded' | 'forwarded';

/** The proxies as plain values that can be handed to another thread. */
export interface TrustedProxiesSpec {
  /** CIDR ranges and single addresses. */
  readonly addresses: readonly string[];
  readonly fields: TrustedFields;
}

export class TrustedProxies {
  readonly fields: TrustedFields;
  readonly #list = new BlockList();

  constructor({ addresses, fields }: TrustedProxiesSpec) {
    this.fields = fields;
    for (const text of addresses) {
      const cidr = readCidr(text);
      if (cidr === undefined) throw new Error(`${text} is no range of addresses`);
      this.#list.addSubnet(cidr.address, cidr.bits, cidr.family);
    }
  }

  /** Whether the fields that come from that IP address are believed. */
  has(address: string): boolean {
    const version = isIP(address);
    return version !== 0 && this.#list.check(address, version === 4 ? 'ipv4' : 'ipv6');
  }
}

/** No proxy is trusted. */
export const noProxies = new TrustedProxies({ addresses: [], fields: 'x-forwarded' });
