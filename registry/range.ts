/** Owns etcd's key ranges: `[key, range_end)`, where no end is one key and a single zero byte is everything from the key on. */

/** The `range_end` of everything that starts with `prefix`: the prefix plus one in its last byte that allows it. */
export function prefixEnd(prefix: string | Uint8Array): Buffer {
  const end = Buffer.from(prefix as string);
  for (let i = end.length - 1; i >= 0; i--) {
    const byte = end[i] ?? 0xff;
    if (byte < 0xff) {
      end[i] = byte + 1;
      return end.subarray(0, i + 1);
    }
  }
  return Buffer.from([0]);
}
