/** Owns version 1 of the PROXY protocol: one line of text (section 2.1 of its specification). */
import { isIPv4, isIPv6 } from 'node:net';
import { canonicalIPv6, type HeaderReading, mayBegin, more, refused } from './header.ts';

/** The longest there can be, its CRLF included. */
const maxBytes = 107;

const start = Buffer.from('PROXY ');
const line = /^TCP([46]) ([^ ]+) ([^ ]+) ([^ ]+) ([^ ]+)$/;
const number = /^(?:0|[1-9]\d{0,4})$/;

export function readVersion1(octets: Buffer): HeaderReading {
  if (!mayBegin(octets, start)) return refused('What came is no PROXY header');
  const end = octets.subarray(0, maxBytes).indexOf('\r\n');
  if (end === -1) {
    if (octets.length < maxBytes) return more;
    return refused(`The PROXY header is longer than ${maxBytes} octets`);
  }
  const length = end + 2;
  const text = octets.toString('latin1', start.length, end);
  // The fields after UNKNOWN on its line mean nothing.
  if (/^UNKNOWN(?: |$)/.test(text)) return { kind: 'header', client: undefined, length };
  const [, family, source = '', destination = '', ...ports] = line.exec(text) ?? [];
  if (family === undefined) return refused('The PROXY header is malformed');
  const isAddress = family === '4' ? isIPv4 : isUnscopedIPv6;
  if (!isAddress(source) || !isAddress(destination)) {
    return refused(`An address in the PROXY header is none of IPv${family}`);
  }
  if (!ports.every(isPort)) return refused('A port in the PROXY header is none');
  const client = family === '4' ? source : canonicalIPv6(source);
  return { kind: 'header', client, length };
}

/** A zone means something on the sender's machine only. */
function isUnscopedIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes('%');
}

function isPort(text: string): boolean {
  return number.test(text) && Number(text) <= 65_535;
}
