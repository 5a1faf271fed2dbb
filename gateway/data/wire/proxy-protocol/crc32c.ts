/** Owns CRC-32C (Castagnoli; RFC 9260 appendix A), which `node:zlib` does not have. */

/** Reversed 0x1EDC6F41. */
const polynomial = 0x82f63b78;

const table = Uint32Array.from({ length: 256 }, (_, octet) => {
  let value = octet;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
  return value;
});

/** The sum of `octets`, or of the octets that `before` is the sum of, followed by `octets`. */
export function crc32c(octets: Uint8Array, before = 0): number {
  let value = ~before;
  for (const octet of octets) {
    value = (table[(value ^ octet) & 0xff] as number) ^ (value >>> 8);
  }
  return ~value >>> 0;
}
