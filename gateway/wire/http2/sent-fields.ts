/** Owns how the fields of heads and trailers get into the header block under way. */
import type { UniqueField } from '../hpack/encoder.ts';
import type { Fields, SentFields } from './api.ts';
import { type FrameWriter, octetsOf } from './frame-writer.ts';

const none: Fields = [];

/** Begins the block of a head whose first line is `count` fields of `octets` octets. */
export function beginHead(
  writer: FrameWriter,
  { fields, more = none, unique }: SentFields,
  count: number,
  octets: number,
): void {
  const lengthAndUnique = 2;
  writer.beginBlock(
    count + (fields.length + more.length) / 2 + lengthAndUnique,
    octets + octetsOf(fields) + octetsOf(more) + uniqueOctets(unique),
  );
}

export function writeFields(
  { encoder }: FrameWriter,
  fields: Fields,
  sensitive?: readonly string[] | undefined,
): void {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    encoder.field(name, fields[i + 1] as string, sensitive?.includes(name));
  }
}

/** What a head has after its `fields`. */
export function writeRest(
  writer: FrameWriter,
  { more, unique, length, sensitive }: SentFields,
): void {
  if (unique !== undefined) writer.encoder.unique(unique);
  if (more !== undefined) writeFields(writer, more, sensitive);
  if (length !== undefined) writer.encoder.field('content-length', String(length));
}

function uniqueOctets(unique: UniqueField | undefined): number {
  return unique === undefined ? 0 : unique.name.length + unique.octets.length;
}
