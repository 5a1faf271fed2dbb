/** Owns how the fields of heads and trailers get into the header block under way. */
import type { Fields, SentFields } from './api.ts';
import { type FrameWriter, octetsOf } from './frame-writer.ts';

const none: Fields = [];

/** Begins the block of a head whose first line is `count` fields of `octets` octets. */
export function beginHead(
  writer: FrameWriter,
  { fields, more = none }: SentFields,
  count: number,
  octets: number,
): void {
  const length = 1;
  writer.beginBlock(
    count + (fields.length + more.length) / 2 + length,
    octets + octetsOf(fields) + octetsOf(more),
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
export function writeRest(writer: FrameWriter, { more, length, sensitive }: SentFields): void {
  if (more !== undefined) writeFields(writer, more, sensitive);
  if (length !== undefined) writer.encoder.field('content-length', String(length));
}
