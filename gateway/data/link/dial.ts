/** Owns how a link reaches a gateway: mutual TLS with our current certificate, to the trust domain that must answer. */
import type { LookupFunction, Socket } from 'node:net';
import type { LeafIdentity } from '../../../certs/authority.ts';
import type { TrustDomain } from '../../../certs/spiffe-id.ts';
import { connectMutualTls } from '../../../certs/tls.ts';
import type { TrustStore } from '../../../certs/trust-store.ts';
import { parseAddress } from '../../../core/address.ts';
import type { Clock } from '../../../core/clock.ts';
import { SharedReads } from '../socket/shared-reads.ts';

/** The protocol between gateways, in ALPN. */
export const linkAlpn = 'h2';

/** A connection, and what is read from it. */
export interface Dialed {
  readonly socket: Socket;
  readonly reads: SharedReads;
}

/** Connects to `address` and verifies that `expect` answers. Rejects with a coded error. */
export type Dial = (address: string, expect: TrustDomain, timeoutMs: number) => Promise<Dialed>;

interface DialOptions {
  /** Asked at each connection, so that a renewed certificate is used at once. */
  identity(): LeafIdentity;
  readonly trust: TrustStore;
  readonly clock: Clock;
  /** Finds a host's addresses; default as the system does. */
  readonly lookup?: LookupFunction | undefined;
}

export function mutualTlsDial({ identity, trust, clock, lookup }: DialOptions): Dial {
  return async (address, expect, timeoutMs) => {
    const { host, port } = parseAddress(address);
    const alpn = [linkAlpn];
    const reads = new SharedReads();
    const socket = await connectMutualTls({
      host,
      port,
      identity: identity(),
      trust,
      expect,
      clock,
      timeoutMs,
      alpn,
      onread: reads.onread,
      lookup,
    });
    return { socket, reads };
  };
}
