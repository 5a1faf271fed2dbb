/** Owns taking a token out of a request on its last way, to an endpoint: other gateways get it as it came. */

import type { FieldLines } from '../wire/http1/field-lines.ts';
import type { Fields, OutgoingFields, OutgoingRequest } from './message.ts';

/** Where a request holds a token. */
export type TokenPlace =
  | { readonly in: 'header'; readonly name: string; readonly prefix: string }
  | { readonly in: 'param' | 'cookie'; readonly name: string };

/** The request without what is at that place. */
export function withoutToken(request: OutgoingRequest, place: TokenPlace): OutgoingRequest {
  if (place.in === 'param') return { ...request, path: withoutParam(request.path, place.name) };
  const kept =
    place.in === 'header' ? () => undefined : (value: string) => withoutCookie(value, place.name);
  const name = place.in === 'header' ? place.name : 'cookie';
  return { ...request, fields: new ChangedField(request.fields, name, kept) };
}

/** Fields with each value of one name changed, or gone. */
class ChangedField implements OutgoingFields {
  readonly sensitive: readonly string[] | undefined;
  readonly #list: Fields;
  readonly #more: Fields;
  readonly #lines: () => string;

  constructor(fields: OutgoingFields, name: string, change: (value: string) => string | undefined) {
    this.sensitive = fields.sensitive;
    const changed = (all: Fields): Fields => {
      const kept: string[] = [];
      for (let i = 0; i < all.length; i += 2) {
        const field = all[i] as string;
        const value = all[i + 1] as string;
        const now = field.toLowerCase() === name ? change(value) : value;
        if (now !== undefined) kept.push(field, now);
      }
      return kept;
    };
    this.#list = changed(fields.list());
    const unique = fields.unique?.();
    this.#more = changed(fields.more?.() ?? []);
    this.unique = () => unique;
    this.#lines = () => {
      let lines = '';
      for (const line of fields.lines().split('\r\n')) {
        const colon = line.indexOf(':');
        if (colon < 0) continue;
        if (line.slice(0, colon).toLowerCase() !== name) lines += `${line}\r\n`;
        else {
          const now = change(line.slice(colon + 1).trim());
          if (now !== undefined) lines += `${name}: ${now}\r\n`;
        }
      }
      return lines;
    };
  }

  readonly unique: NonNullable<OutgoingFields['unique']>;

  lines(): FieldLines {
    return this.#lines() as FieldLines;
  }

  list(): Fields {
    return this.#list;
  }

  more(): Fields {
    return this.#more;
  }
}

/** A target without all parameters of that name in its query. */
function withoutParam(path: string, name: string): string {
  const query = path.indexOf('?');
  if (query < 0) return path;
  const kept = path
    .slice(query + 1)
    .split('&')
    .filter((pair) => nameOf(pair) !== name);
  return kept.length === 0 ? path.slice(0, query) : `${path.slice(0, query)}?${kept.join('&')}`;
}

/** The values of the parameters of that name. */
export function paramsIn(path: string, name: string): string[] {
  const query = path.indexOf('?');
  if (query < 0) return [];
  return path
    .slice(query + 1)
    .split('&')
    .filter((pair) => nameOf(pair) === name)
    .map((pair) => pair.slice(pair.indexOf('=') + 1));
}

function nameOf(pair: string): string {
  const at = pair.indexOf('=');
  const name = (at < 0 ? pair : pair.slice(0, at)).replaceAll('+', ' ');
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** The value of a `Cookie` field without those of that name; undefined where nothing is left. */
function withoutCookie(value: string, name: string): string | undefined {
  const kept = value.split(';').filter((pair) => cookieName(pair) !== name);
  const text = kept.join(';').trim();
  return text === '' ? undefined : text;
}

/** The values of the cookies of that name (RFC 6265 section 4.2). */
export function cookiesIn(value: string, name: string): string[] {
  return value
    .split(';')
    .filter((pair) => cookieName(pair) === name)
    .map((pair) =>
      pair
        .slice(pair.indexOf('=') + 1)
        .trim()
        .replace(/^"(.*)"$/, '$1'),
    );
}

function cookieName(pair: string): string {
  return pair.slice(0, Math.max(0, pair.indexOf('='))).trim();
}
