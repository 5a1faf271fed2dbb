/** Owns texts as parts of patterns, and prefixes of paths that are prefixes of texts elsewhere. */
import type { Field } from './field.ts';
import type { Match } from './rules.ts';

/** A pattern that matches the text alone. */
export function quoted(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** A prefix of a text is one of whole segments here, which is told where it may matter. */
export function stringPrefix(from: Field | undefined, prefix: string): NonNullable<Match['path']> {
  if (prefix !== '/') {
    const more = prefix.endsWith('/') ? prefix.slice(0, -1) : `${prefix}x`;
    from?.differs(
      prefix.endsWith('/')
        ? `a PathPrefix is of whole segments, and ${more} fits it as well`
        : `a PathPrefix is of whole segments, and ${more} does not fit it: where that is meant, use a RegularExpression ${quoted(prefix)}.*`,
    );
  }
  return { type: 'PathPrefix', value: prefix };
}
