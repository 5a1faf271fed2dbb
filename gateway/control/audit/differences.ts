/** Owns the differences between two states of a thing, field by field, without secrets and within a bound. */
import { isDeepStrictEqual } from 'node:util';

export interface Difference {
  /** With dots between those within others, and the index of an item: `spec.rules[0].timeout`; empty for all of it. */
  readonly field: string;
  /** Absent where there was nothing. */
  readonly before?: unknown;
  /** Absent where there is nothing any more. */
  readonly after?: unknown;
}

const most = 64;
const mostChars = 512;

/**
 * Pure. Both are as JSON has them; undefined is a thing that is not there. That a secret is another is told, and neither is. At most
 * 64; the last tells how many more there are.
 */
export function differences(before: unknown, after: unknown): Difference[] {
  const found = [...between('', hiding(before), hiding(after))];
  if (found.length <= most) return found;
  const left = found.length - most + 1;
  return [...found.slice(0, most - 1), { field: '...', after: `${left} more fields differ` }];
}

/** A secret's value: it can be compared, and is not shown. */
class Hidden {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }

  toJSON(): string {
    return '[redacted]';
  }
}

const secretName =
  /(password|secret|token|credentials?|private-?key|key-?pem|api-?key|authorization|set-cookie)$/i;

/** Secret fields, and the values of those in lists of names and values, `{name: cookie, value: ...}`, are hidden. */
function hiding(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hiding);
  if (typeof value !== 'object' || value === null) return value;
  const { name } = value as { readonly name?: unknown };
  const isOfSecret = typeof name === 'string' && (secretName.test(name) || /^cookie$/i.test(name));
  return Object.fromEntries(
    Object.entries(value).map(([field, inner]) => [
      field,
      secretName.test(field) || (isOfSecret && field === 'value')
        ? new Hidden(inner)
        : hiding(inner),
    ]),
  );
}

function* between(field: string, before: unknown, after: unknown): Generator<Difference> {
  if (isDeepStrictEqual(before, after)) return;
  const isList = Array.isArray(before ?? after);
  if (!areLookedInto(before, after, isList)) {
    yield {
      field,
      ...(before !== undefined && { before: told(before) }),
      ...(after !== undefined && { after: told(after) }),
    };
    return;
  }
  const [was, is] = [partsOf(before), partsOf(after)];
  for (const name of new Set([...was.keys(), ...is.keys()])) {
    yield* between(within(field, name, isList), was.get(name), is.get(name));
  }
}

/** A list that got longer or shorter, or was not there, is told as a whole: by index all its items would differ. */
function areLookedInto(before: unknown, after: unknown, isList: boolean): boolean {
  if (!isList) return [before, after].every((one) => one === undefined || isObject(one));
  return Array.isArray(before) && Array.isArray(after) && before.length === after.length;
}

function isObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return !Array.isArray(value) && !(value instanceof Hidden);
}

function partsOf(value: unknown): Map<string, unknown> {
  return new Map(Object.entries(value ?? {}));
}

function within(field: string, name: string, isList: boolean): string {
  if (isList) return `${field}[${name}]`;
  return field === '' ? name : `${field}.${name}`;
}

/** As JSON has it; a value that is long is told as text, cut short. */
function told(value: unknown): unknown {
  const text = JSON.stringify(value);
  return text.length <= mostChars ? JSON.parse(text) : `${text.slice(0, mostChars)}...`;
}
