/** Owns the rules that whole strings of HTTP/1.1 obey, as expressions anchored at both ends. */
import { sp, tab } from './octets.ts';

const token = /^[\w!#$%&'*+.^`|~-]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: HTAB is allowed
const fieldContent = /^[\x09\x20-\x7e\x80-\xff]*$/;
const originForm = /^\/[!$-;=@-[\]-~]*(?:\?[!$-;=?-~]*)?$/;

/** RFC 9110 section 5.6.2. */
export function isToken(text: string): boolean {
  return token.test(text);
}

/** What a field value or a reason phrase may be: HTAB, SP, VCHAR, obs-text (RFC 9110 section 5.5); or empty. */
export function isFieldContent(text: string): boolean {
  return fieldContent.test(text);
}

/**
 * A path and perhaps a query. Wider than RFC 3986 by what browsers send unencoded (WHATWG URL, percent-encode
 * sets: `|`, `[`, `{`, `^` ..., in a query `\`), but no `\` in a path, which some servers read as `/`, and no
 * fragment, which is never sent. Percent-encoding is not looked at here: `normalPath` brings it into one form.
 */
export function isOriginForm(text: string): boolean {
  return originForm.test(text);
}

/** The members of a list in lower case; an empty one is the empty string (RFC 9110 section 5.6.1). */
export function membersOf(value: string): string[] {
  const parts = value.toLowerCase().split(',');
  return parts.map((part) => withoutBlanks(part, 0, part.length));
}

/** `text` from `start` to `end` without SP and HTAB around it; `trim` takes away more. */
export function withoutBlanks(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === sp || code === tab;
}
