/** Owns which field names and values are valid, and which names mean something here (RFC 9113 section 8.2). */
import type { FieldJudge } from '../hpack/decoder.ts';
import { idOfName, wellKnownNames } from '../http1/field-names.ts';
import { readContentLength } from '../http1/framing.ts';
import { isOriginForm } from '../http1/grammar.ts';

export const fieldKind = {
  regular: 0,
  method: 1,
  scheme: 2,
  authority: 3,
  path: 4,
  protocol: 5,
  status: 6,
  contentLength: 7,
  te: 8,
  host: 9,
  cookie: 10,
  /** A pseudo-header that there is not, a field of HTTP/1.1 connections, or a name that is none. */
  forbidden: 11,
} as const;

/** Kinds up to this one are pseudo-headers, but for `regular`. */
export const lastPseudo: number = fieldKind.status;

/** A name is judged by its kind and, above that, its number among the well-known names. */
const kindBits = 4;

export function kindOf(judged: number): number {
  return judged & ((1 << kindBits) - 1);
}

/** The number of the name among `wellKnownNames`. */
export function nameIdOf(judged: number): number {
  return judged >>> kindBits;
}

const special = new Map<string, number>([
  [':method', fieldKind.method],
  [':scheme', fieldKind.scheme],
  [':authority', fieldKind.authority],
  [':path', fieldKind.path],
  [':protocol', fieldKind.protocol],
  [':status', fieldKind.status],
  ['content-length', fieldKind.contentLength],
  ['te', fieldKind.te],
  ['host', fieldKind.host],
  ['cookie', fieldKind.cookie],
  // Section 8.2.2.
  ['connection', fieldKind.forbidden],
  ['proxy-connection', fieldKind.forbidden],
  ['keep-alive', fieldKind.forbidden],
  ['transfer-encoding', fieldKind.forbidden],
  ['upgrade', fieldKind.forbidden],
]);

/** Kinds of names known by heart, so that most are judged by one look-up. */
const judged = new Map<string, number>();
for (const name of [...special.keys(), ...wellKnownNames.slice(1)]) {
  const kind = special.get(name) ?? fieldKind.regular;
  judged.set(name, kind | (idOfName(name) << kindBits));
}

const token = 1;
const lowerToken = 2;
const visible = 4;
const content = 8;

/** The parts of a field that each octet may be in. */
const classes = new Uint8Array(256);
for (let octet = 0; octet < 256; octet++) {
  const char = String.fromCharCode(octet);
  let bits = 0;
  if (/[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(char)) bits |= token;
  if (bits & token && !/[A-Z]/.test(char)) bits |= lowerToken;
  if (octet > 0x20 && octet < 0x7f) bits |= visible;
  if (octet === 0x09 || (octet >= 0x20 && octet !== 0x7f)) bits |= content;
  classes[octet] = bits;
}

function isMadeOf(text: string, wanted: number): boolean {
  for (let i = 0; i < text.length; i++) {
    if (((classes[text.charCodeAt(i)] as number) & wanted) === 0) return false;
  }
  return true;
}

/**
 * Stricter than section 8.2.1 asks where HTTP/1.1, to which fields go on, is (RFC 9110 section 5.5):
 * names are tokens, values have no control characters but tab, paths no fragment.
 */
export const fieldRules: FieldJudge = {
  name(name) {
    const known = judged.get(name);
    if (known !== undefined) return known;
    return name.length > 0 && isMadeOf(name, lowerToken) ? fieldKind.regular : fieldKind.forbidden;
  },
  value(kind, value) {
    switch (kindOf(kind)) {
      case fieldKind.method:
      case fieldKind.protocol:
        return value.length > 0 && isMadeOf(value, token);
      case fieldKind.scheme:
        return /^[A-Za-z][A-Za-z0-9+.-]*$/.test(value);
      case fieldKind.authority:
      case fieldKind.host:
        return isMadeOf(value, visible);
      case fieldKind.path:
        return isOriginForm(value) || value === '*';
      case fieldKind.status:
        return /^[1-5][0-9][0-9]$/.test(value);
      case fieldKind.contentLength:
        return typeof readContentLength(value) === 'number';
      case fieldKind.te:
        return value === 'trailers';
      case fieldKind.forbidden:
        return false;
      default:
        return isMadeOf(value, content) && !isSpace(value, 0) && !isSpace(value, value.length - 1);
    }
  },
};

function isSpace(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 0x20 || code === 0x09;
}
