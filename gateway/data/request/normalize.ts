/** Owns the one form in which a request is decided by and sent on, so that the service reads what the gateway has read. */
import { IsthmusError } from '../../../core/errors.ts';
import { forbiddenConnectionToken } from '../message/headers.ts';
import type { Step } from './step.ts';

/** `Connection` may not strip framing fields, nor those by which gateways tell each other things. The path is made normal before, as it is read. */
export const connectionField: Step = {
  slot: 'normalize',
  take({ head }) {
    const token = forbiddenConnectionToken(head.connectionTokens);
    if (token === undefined) return undefined;
    const what = `The Connection field names ${JSON.stringify(token)}`;
    return new IsthmusError('REQUEST_REFUSED', { what });
  },
};

/** How `%2F` is handled: some services take it for `/`, others for a part of a name. */
export type EncodedSlashes = 'refuse' | 'keep';

/** Why a path can't be brought into one form. */
export interface AmbiguousPath {
  readonly kind: 'ambiguous';
  /** A sentence's end. */
  readonly what: string;
}

function ambiguous(what: string): AmbiguousPath {
  return { kind: 'ambiguous', what };
}

const badPercent = ambiguous('a percent sign without two hexadecimal digits');
const encodedNul = ambiguous('an encoded NUL');
const encodedBackslash = ambiguous('an encoded backslash');
const encodedSlash = ambiguous('an encoded slash');
const overlong = ambiguous('octets that are no UTF-8, yet stand for ASCII to some');
const hiddenDots = ambiguous('a segment that some read as dots');

const percent = 0x25;
const dot = 0x2e;
const slash = 0x2f;
const semicolon = 0x3b;
const question = 0x3f;

/** Nearly every target is: no segment begins with a dot, and nothing is encoded or a parameter of a segment. */
function isPlain(target: string): boolean {
  let before = 0;
  for (let i = 0; i < target.length; i++) {
    const code = target.charCodeAt(i);
    if (code === question) return true;
    if (code === percent || code === semicolon || (code === dot && before === slash)) return false;
    before = code;
  }
  return true;
}

/**
 * A target in origin form with its path as RFC 3986 section 6.2.2 has it: what is unreserved is decoded, then segments of
 * dots are resolved (section 5.2.4), and the digits of what stays encoded are in upper case. The query is nobody's to look
 * at. The very same string where there is nothing to do, as with nearly all. Empty segments are segments: `//` stays.
 */
export function normalPath(target: string, slashes: EncodedSlashes): string | AmbiguousPath {
  if (isPlain(target)) return target;
  const query = target.indexOf('?');
  const path = query < 0 ? target : target.slice(0, query);
  const unclear = whyUnclear(path, slashes);
  if (unclear !== undefined) return unclear;
  const normal = withoutDots(
    path.replace(/%../g, (triplet) => unreserved[triplet] ?? triplet.toUpperCase()),
  );
  if (hidesDots(normal)) return hiddenDots;
  if (normal === path) return target;
  return query < 0 ? normal : normal + target.slice(query);
}

/** The character of each triplet that encodes an unreserved one (RFC 3986 section 2.3). */
const unreserved: Record<string, string> = {};
for (let code = 0x20; code < 0x7f; code++) {
  const character = String.fromCharCode(code);
  if (!/[\w.~-]/.test(character)) continue;
  const [high = '', low = ''] = code.toString(16);
  for (const digit of [low, low.toUpperCase()]) unreserved[`%${high}${digit}`] = character;
}

function whyUnclear(path: string, slashes: EncodedSlashes): AmbiguousPath | undefined {
  if (!path.includes('%')) return undefined;
  if (/%(?![\da-f]{2})/i.test(path)) return badPercent;
  if (path.includes('%00')) return encodedNul;
  if (/%5c/i.test(path)) return encodedBackslash;
  if (slashes === 'refuse' && /%2f/i.test(path)) return encodedSlash;
  // RFC 3629 section 3: decoders that accept them have been led out of folders.
  if (/%c[01]%[89ab]|%e0%[89]|%f0%8/i.test(path)) return overlong;
  return undefined;
}

/** RFC 3986 section 5.2.4. */
function withoutDots(path: string): string {
  if (!path.includes('/.')) return path;
  const segments = path.split('/');
  const kept: string[] = [];
  for (let i = 1; i < segments.length; i++) {
    const segment = segments[i] as string;
    if (segment !== '.' && segment !== '..') {
      kept.push(segment);
      continue;
    }
    if (segment === '..') kept.pop();
    if (i === segments.length - 1) kept.push('');
  }
  return `/${kept.join('/')}`;
}

/** Decodings after which nobody goes on: a service behind a proxy behind a proxy. */
const mostDecodings = 3;

/**
 * Whether a path without segments of dots has some to a reader that decodes it, however often, takes off parameters (`..;`, as
 * servlet containers do), or passes over white space, as browsers' parsers of URLs do.
 */
function hidesDots(path: string): boolean {
  let text = path;
  for (let i = 0; i < mostDecodings && text.includes('%'); i++) {
    text = text.replace(/%([\da-f]{2})/gi, (_, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 16)),
    );
  }
  return text.split(/[/\\]/).some((segment) => {
    const dots = segment.replace(blank, '');
    return dots.startsWith('.') && /^\.{1,2}(?:;|$)/.test(dots);
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: what is passed over
const blank = /[\x00-\x20]/g;
