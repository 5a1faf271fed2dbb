/** Owns which fields may not come after the content (RFC 9110 section 6.5.1; the list is that of RFC 7230 section 4.1.2). */
import type { FieldSection } from './field-section.ts';
import { isFieldContent, isToken } from './grammar.ts';

const forbidden: ReadonlySet<string> = new Set([
  // Framing and connection
  ...['connection', 'content-length', 'keep-alive', 'proxy-connection', 'te', 'trailer'],
  ...['transfer-encoding', 'upgrade'],
  // Routing and request modifiers
  ...['cache-control', 'expect', 'host', 'if-match', 'if-modified-since', 'if-none-match'],
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

export function mayAllBeTrailers(fields: FieldSection): boolean {
  for (let i = 0; i < fields.size; i++) if (!mayBeTrailer(fields.name(i))) return false;
  return true;
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
