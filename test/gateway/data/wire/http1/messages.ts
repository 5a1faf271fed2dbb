/** Owns generators of valid messages, in the many spellings the grammar allows. */
import fc from 'fast-check';

export interface Message {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Sent in one piece with a length, or as these chunks. */
  readonly content: readonly string[];
  readonly isChunked: boolean;
  readonly trailers: readonly (readonly [name: string, value: string])[];
  readonly blank: string;
}

export const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'];

const name = fc
  .string({ unit: fc.constantFrom(...'abcXYZ019-_!#~'), minLength: 1, maxLength: 12 })
  .map((text) => `x-${text}`);
const value = fc
  .string({ unit: fc.constantFrom(...'aB9 ,;:="\t/\xe4\xff'), maxLength: 30 })
  .map((text) => text.replace(/^[ \t]+|[ \t]+$/g, ''));
const fields = fc.array(fc.tuple(name, value), { maxLength: 5 });
const path = fc
  .string({ unit: fc.constantFrom(...'abc/09.-_~%?&=|'), maxLength: 20 })
  .map((text) => `/${text}`);
const piece = fc.string({
  unit: fc.constantFrom(...'ab\r\n\0\xff0;'),
  minLength: 1,
  maxLength: 40,
});

export const message: fc.Arbitrary<Message> = fc.record({
  method: fc.constantFrom(...methods),
  path,
  status: fc.constantFrom(200, 201, 206, 302, 404, 500, 503),
  reason: fc.constantFrom('OK', '', 'Not so good'),
  fields,
  content: fc.array(piece, { maxLength: 4 }),
  isChunked: fc.boolean(),
  trailers: fc.array(fc.tuple(name, value), { maxLength: 2 }),
  blank: fc.constantFrom('', ' ', '\t', '  \t'),
});

function linesOf(pairs: Message['fields'], blank: string): string {
  return pairs.map(([key, text]) => `${key}:${blank}${text}${blank}\r\n`).join('');
}

function framingOf({ content, isChunked }: Message): string {
  return isChunked
    ? 'Transfer-Encoding: chunked\r\n'
    : `Content-Length: ${content.join('').length}\r\n`;
}

function contentText({ content, isChunked, trailers, blank }: Message): string {
  if (!isChunked) return content.join('');
  const chunks = content.map((data) => `${data.length.toString(16)}\r\n${data}\r\n`);
  return `${chunks.join('')}0\r\n${linesOf(trailers, blank)}\r\n`;
}

export function requestText(given: Message): string {
  const { method, path: target, fields: pairs, blank } = given;
  return `${method} ${target} HTTP/1.1\r\nHost:${blank}a${blank}\r\n${linesOf(pairs, blank)}${framingOf(given)}\r\n${contentText(given)}`;
}

export function responseText(given: Message): string {
  const { method, status, reason, fields: pairs, blank } = given;
  const content = method === 'HEAD' ? '' : contentText(given);
  return `HTTP/1.1 ${status} ${reason}\r\n${linesOf(pairs, blank)}${framingOf(given)}\r\n${content}`;
}
