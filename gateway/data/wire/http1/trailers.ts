/** Owns which fields may come after the content (RFC 9110 section 6.5.1; the list is that of RFC 7230 section 4.1.2), and what becomes of others. */
import type { FieldSection } from './field-section.ts';
import { isFieldContent, isToken } from './grammar.ts';

/** Framing and routing: a sender of these here wants the message to be read in two ways. */
const refused: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'host',
  'transfer-encoding',
  'upgrade',
]);

/** Fields that a trailer section can't have: they belong in a head, to which nothing is added once it is known. */
const forbidden: ReadonlySet<string> = new Set([
  ...refused,
  // The connection
  ...['keep-alive', 'proxy-connection', 'te', 'trailer'],
  // Request modifiers
  ...['cache-control', 'expect', 'if-match', 'if-modified-since', 'if-none-match'],
  ...['if-range', 'if-unmodified-since', 'max-forwards', 'pragma', 'range'],
  // Authentication
  ...['authorization', 'cookie', 'proxy-authenticate', 'proxy-authorization', 'set-cookie'],
  'www-authenticate',
  // Response control and how to read the content
  ...['age', 'content-encoding', 'content-range', 'content-type', 'date', 'expires', 'location'],
  ...['retry-after', 'vary', 'warning'],
]);

export function mayBeTrailer(name: string): boolean {
  return !forbidden.has(name.toLowerCase());
}

/** The trailer fields that are kept, as a flat list: the rest is dropped. Undefined: the message is to be refused. */
export function readTrailers(fields: FieldSection): readonly string[] | undefined {
  const kept: string[] = [];
  for (let i = 0; i < fields.size; i++) {
    const name = fields.name(i);
    if (refused.has(name)) return undefined;
    if (!forbidden.has(name)) kept.push(name, fields.value(i));
  }
  return kept;
}

/** Leaves out of a flat list what may only be in a head, or nowhere. */
export function sendableTrailers(fields: readonly string[]): readonly string[] {
  if (fields.length === 0) return fields;
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? '';
    const value = fields[i + 1] ?? '';
    if (isToken(name) && isFieldContent(value) && mayBeTrailer(name)) kept.push(name, value);
  }
  return kept;
}
