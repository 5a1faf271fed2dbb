/** Owns version 2 of the PROXY protocol: binary, with addresses and then extensions (section 2.2 of its specification). */
import { crc32c } from './crc32c.ts';
import {
  canonicalIPv6,
  type HeaderReading,
  type HeaderRefusal,
  mayBegin,
  more,
  refused,
} from './header.ts';

/** The first octets: no other protocol begins with them, version 1 included. */
export const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

const fixedBytes = 16;

/** So much is held of one that is not whole; what balancers send is some hundred octets, with a client's certificate some thousand. */
const maxHeaderBytes = 16_384;

/** The octet after the signature: the version, and who is spoken for. */
const local = 0x20;
const proxied = 0x21;

/** The octet after that, family and transport; the others are reserved, and to be refused. */
const unspecified = 0x00;
const tcp4 = 0x11;
const tcp6 = 0x21;
const unixStream = 0x31;
/** UDP over IPv4, over IPv6, and UNIX datagrams, of which a connection is none. */
const datagrams = [0x12, 0x22, 0x32];

const addressBytes = new Map([
  [tcp4, 12],
  [tcp6, 36],
  [unixStream, 216],
]);

/** Extensions are skipped, but for the sum that tells whether the header came over whole. */
const checksum = 0x03;
const checksumBytes = 4;
const noChecksum = Buffer.alloc(checksumBytes);

export function readVersion2(octets: Buffer): HeaderReading {
  if (!mayBegin(octets, signature)) return refused('What came is no PROXY header');
  const [command, family] = octets.subarray(signature.length, signature.length + 2);
  if (command === undefined) return more;
  if (command !== local && command !== proxied) {
    return refused(`A PROXY header has version and command 0x${command.toString(16)}`);
  }
  if (family === undefined) return more;
  // A sender that speaks for itself, as health checks do, may say anything here: it means nothing.
  const says = command === local ? unspecified : family;
  const wrong = familyFault(says);
  if (wrong !== undefined) return wrong;
  if (octets.length < fixedBytes) return more;
  const length = fixedBytes + octets.readUInt16BE(14);
  if (length > maxHeaderBytes) {
    return refused(`The PROXY header is longer than ${maxHeaderBytes} octets`);
  }
  const extensionsAt = fixedBytes + (addressBytes.get(says) ?? 0);
  if (length < extensionsAt) return refused('The PROXY header has no room for its addresses');
  if (octets.length < length) return more;
  if (says === unspecified) return { kind: 'header', client: undefined, length };
  const broken = extensionFault(octets.subarray(0, length), extensionsAt);
  return broken ?? { kind: 'header', client: clientIn(octets, says), length };
}

function familyFault(family: number): HeaderRefusal | undefined {
  if (datagrams.includes(family)) return refused('The PROXY header speaks of datagrams');
  if (family === unspecified || addressBytes.has(family)) return undefined;
  return refused(`A PROXY header has the unknown family 0x${family.toString(16)}`);
}

/** The source comes first. A path of a UNIX socket is no address. */
function clientIn(octets: Buffer, family: number): string | undefined {
  if (family === tcp4) return octets.subarray(fixedBytes, fixedBytes + 4).join('.');
  if (family !== tcp6) return undefined;
  const groups = octets.toString('hex', fixedBytes, fixedBytes + 16).match(/.{4}/g) ?? [];
  return canonicalIPv6(groups.join(':'));
}

function extensionFault(header: Buffer, from: number): HeaderRefusal | undefined {
  let at = from;
  while (at < header.length) {
    const valueAt = at + 3;
    const next = valueAt <= header.length ? valueAt + header.readUInt16BE(at + 1) : Infinity;
    if (next > header.length) return refused('An extension of the PROXY header goes beyond it');
    if (header[at] === checksum) {
      if (
        next - valueAt !== checksumBytes ||
        header.readUInt32BE(valueAt) !== sum(header, valueAt)
      ) {
        return refused('The checksum of the PROXY header is wrong');
      }
    }
    at = next;
  }
  return undefined;
}

/** The checksum's own octets count as 0. */
function sum(header: Buffer, checksumAt: number): number {
  const before = crc32c(noChecksum, crc32c(header.subarray(0, checksumAt)));
  return crc32c(header.subarray(checksumAt + checksumBytes), before);
}
