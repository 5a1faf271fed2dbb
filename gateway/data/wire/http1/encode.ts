/** Owns the octets of messages that we send, in Latin-1: heads, chunks, trailers. Nothing invalid leaves it. */
import { STATUS_CODES } from 'node:http';
import { type FieldLines, fieldLines, noLines, unsendable } from './field-lines.ts';
import type { Framing } from './framing.ts';
import { isFieldContent } from './grammar.ts';
import { mayBeTrailer } from './trailers.ts';

/** Status line, fields, empty line. `reason` defaults to the registered one. Throws INTERNAL when one can't be sent. */
export function responseHead(
  status: number,
  lines: FieldLines,
  reason: string = STATUS_CODES[status] ?? '',
): string {
  if (!Number.isInteger(status) || status < 100 || status > 599) {
    throw unsendable(`${status} is no status code`);
  }
  if (!isFieldContent(reason)) {
    throw unsendable('The reason phrase holds what none may');
  }
  return `HTTP/1.1 ${status} ${reason}\r\n${lines}\r\n`;
}

/** The start of a response's head with the registered reason, made once for each status. */
const statusLines: string[] = [];

/** A response's status line; the same as in `responseHead` without a reason of its own. */
export function statusLine(status: number): string {
  let line = statusLines[status];
  if (line === undefined) {
    line = responseHead(status, noLines).slice(0, -2);
    statusLines[status] = line;
  }
  return line;
}

const chunkedLine = 'transfer-encoding: chunked\r\n' as FieldLines;

/** The field that says how content ends, for a message whose other lines don't; `none` and `until-close` have none. */
export function framingLines(framing: Framing): FieldLines {
  if (framing.kind === 'chunked') return chunkedLine;
  if (framing.kind !== 'length') return noLines;
  const { bytes } = framing;
  if (!Number.isSafeInteger(bytes) || bytes < 0) throw unsendable(`${bytes} is no length`);
  return `content-length: ${bytes}\r\n` as FieldLines;
}

/** The octets before the data of a chunk; `chunkEnd` goes after it. Throws INTERNAL for 0, which would end the content. */
export function chunkStart(bytes: number): string {
  if (!Number.isSafeInteger(bytes) || bytes <= 0) throw unsendable(`${bytes} is no chunk size`);
  return `${bytes.toString(16)}\r\n`;
}

export const chunkEnd = '\r\n';

/** The end of chunked content, with trailers as a flat list. Throws INTERNAL for a field that may only be in a head. */
export function lastChunk(trailers: readonly string[] = []): string {
  if (trailers.length === 0) return '0\r\n\r\n';
  for (let i = 0; i < trailers.length; i += 2) {
    const name = trailers[i] ?? '';
    if (!mayBeTrailer(name)) throw unsendable(`${name.slice(0, 80)} may not be a trailer field`);
  }
  return `0\r\n${fieldLines(trailers)}\r\n`;
}
