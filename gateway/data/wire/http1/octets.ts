/** Owns the classes of octets that HTTP/1.1 is made of, as tables with one entry per octet. */

export const cr = 0x0d;
export const lf = 0x0a;
export const sp = 0x20;
export const tab = 0x09;
export const colon = 0x3a;
export const semicolon = 0x3b;
export const zero = 0x30;

/** A table that holds 1 for every octet of `members`. */
function tableOf(members: Iterable<number>): Uint8Array {
  const table = new Uint8Array(256);
  for (const octet of members) table[octet] = 1;
  return table;
}

function* range(from: number, to: number): Generator<number> {
  for (let octet = from; octet <= to; octet++) yield octet;
}

function codes(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}

const alphanumeric = [...range(0x30, 0x39), ...range(0x41, 0x5a), ...range(0x61, 0x7a)];

/** `tchar`, RFC 9110 section 5.6.2. */
export const isTokenOctet = tableOf([...alphanumeric, ...codes("!#$%&'*+-.^_`|~")]);

/** What a field value, a reason phrase or a chunk extension may hold: HTAB, SP, VCHAR, obs-text (RFC 9110 section 5.5). */
export const isFieldOctet = tableOf([tab, ...range(0x20, 0x7e), ...range(0x80, 0xff)]);

/** The value of a hexadecimal digit, or 255. */
export const hexValue = new Uint8Array(256).fill(255);
for (const [digit, code] of codes('0123456789abcdef').entries()) hexValue[code] = digit;
for (const [digit, code] of codes('ABCDEF').entries()) hexValue[code] = digit + 10;
