/** Owns PROXY protocol headers in tests, made without the code under test. */

/** Version 2: `family` 0x11 and 0x21 are TCP over IPv4 and IPv6. */
export function version2(
  payload: Uint8Array,
  { command = 0x21, family = 0x11, length = payload.length } = {},
): Buffer {
  const fixed = Buffer.from('0d0a0d0a000d0a515549540a00000000', 'hex');
  fixed[12] = command;
  fixed[13] = family;
  fixed.writeUInt16BE(length, 14);
  return Buffer.concat([fixed, payload]);
}

/** Of 203.0.113.9, port 51000, to 192.0.2.1, port 443. */
export const addresses4 = Buffer.from('cb007109c0000201c73801bb', 'hex');

/** Of 2001:db8::9 to 2001:db8::1, the same ports. */
export const addresses6 = Buffer.from(
  '20010db8000000000000000000000009 20010db8000000000000000000000001 c73801bb'.replaceAll(' ', ''),
  'hex',
);

export function extension(type: number, value: Uint8Array | string): Buffer {
  const octets = Buffer.from(value as string);
  const head = Buffer.alloc(3);
  head[0] = type;
  head.writeUInt16BE(octets.length, 1);
  return Buffer.concat([head, octets]);
}
