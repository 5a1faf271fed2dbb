/** Owns short ways to code header lists in tests. */
import {
  type DecodedField,
  type DecodeOutcome,
  HpackDecoder,
} from '../../../../../gateway/data/wire/hpack/decoder.ts';
import type { HpackEncoder } from '../../../../../gateway/data/wire/hpack/encoder.ts';

/** Finds nothing wrong. */
const lenient = { name: () => 0, value: () => true };

export function decoder(maxHeadBytes = 65_536, maxFields = Infinity): HpackDecoder {
  return new HpackDecoder(lenient, maxHeadBytes, maxFields);
}

export function decode(
  by: HpackDecoder,
  block: Buffer,
): { outcome: DecodeOutcome; fields: string[]; list: DecodedField[] } {
  const list: DecodedField[] = [];
  const outcome = by.decode(block, 0, block.length, list);
  return { outcome, fields: list.flatMap(({ name, value }) => [name, value]), list };
}

export function encode(by: HpackEncoder, fields: readonly string[]): Buffer {
  const room = Buffer.alloc(64 + fields.reduce((sum, text) => sum + text.length + 12, 0));
  by.begin(room, 0);
  for (let i = 0; i < fields.length; i += 2) by.field(fields[i] ?? '', fields[i + 1] ?? '');
  return room.subarray(0, by.end());
}

/** Octets written in hexadecimal, with spaces anywhere. */
export function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
}
