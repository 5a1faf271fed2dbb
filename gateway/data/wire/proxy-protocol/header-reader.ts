/** Owns finding a PROXY protocol header, of either version, at the start of a connection, however it is cut into reads. */
import type { HeaderRefusal } from './header.ts';
import { readVersion1 } from './version-1.ts';
import { readVersion2, signature } from './version-2.ts';

interface ProxyHeader {
  /** The client's address, as in `HeaderReading`. */
  readonly client: string | undefined;
  /** The octets that came behind the header. */
  readonly behind: Buffer;
}

export type HeaderStep =
  | { readonly kind: 'more' }
  | { readonly kind: 'whole'; readonly whole: ProxyHeader }
  | HeaderRefusal;

/** Octets go in as they come, until it says something other than `more`, which depends on the octets alone. */
export class ProxyHeaderReader {
  /** Everything that was read. */
  octets: Buffer = Buffer.alloc(0);

  read(octets: Buffer): HeaderStep {
    this.octets = Buffer.concat([this.octets, octets]);
    const read = this.octets[0] === signature[0] ? readVersion2 : readVersion1;
    const reading = read(this.octets);
    if (reading.kind !== 'header') return reading;
    const { client, length } = reading;
    return { kind: 'whole', whole: { client, behind: this.octets.subarray(length) } };
  }
}
