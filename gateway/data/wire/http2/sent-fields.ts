/** Owns how the fields of heads and trailers get into the header block under way. */
import type { UniqueField } from '../hpack/encoder.ts';
import type { Fields, SentFields } from './api.ts';
import { type FrameWriter, octetsOf } from './frame-writer.ts';

const none: Fields = [];

/** How many fields a head has besides its first line, at most. */
export function countOfHead({ fields, more = none }: SentFields): number {
  const lengthAndUnique = 2;
  return (fields.length + more.length) / 2 + lengthAndUnique;
}

/** The octets of their names and values. */
export function octetsOfHead({ fields, more = none, unique }: SentFields): number {
  return octetsOf(fields) + octetsOf(more) + uniqueOctets(unique);
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

/** Writes the fields that a head has after its `fields`. */
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
