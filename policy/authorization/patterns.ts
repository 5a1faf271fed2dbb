/** Owns the patterns that rules are written in, as Istio has them: texts, paths, hosts, methods, and what of that is refused because it could match nothing, or too much. */
import { z } from 'zod';
import { readCidr } from '../../core/cidr.ts';

/** Most patterns in one list. */
const most = 256;

/** A list of which one has to match. An empty one is refused: whether it means all or none, readers would not agree. */
export function listOf(pattern: z.ZodType<string>) {
  return z.array(pattern).min(1).max(most);
}

const starMessage = 'a * may stand at the beginning or at the end, and only once';

/** `text`, `text*`, `*text`, or `*` for any that is there. */
function hasFitStar(text: string): boolean {
  const at = text.indexOf('*');
  return at < 0 || (text.indexOf('*', at + 1) < 0 && (at === 0 || at === text.length - 1));
}

export const textPattern = z.string().min(1).max(2048).refine(hasFitStar, starMessage);

export const methodPattern = textPattern.regex(
  /^[!#$%&'*+.^_`|~0-9A-Z-]+$/,
  'use a method in upper case: methods are told apart by case',
);

/** A host may be named with a port; without one it matches whatever the port. */
export const hostPattern = textPattern.regex(
  /^[\w.~*:[\]-]+$/,
  'use a host name, perhaps with a port',
);

export const portText = z
  .string()
  .regex(/^[1-9]\d{0,4}$/, 'use a port as a text: "443"')
  .refine((port) => Number(port) <= 65_535, 'use a port up to 65535');

export const portNamePattern = textPattern.regex(
  /^[a-z0-9*-]+$/,
  'use the name of a port: lower-case letters, digits and hyphens',
);

export const addressBlock = z
  .string()
  .max(64)
  .refine((text) => readCidr(text) !== undefined, 'use an IP address or a range as CIDR has it');

/** `{*}` stands for one segment, `{**}` for any number of octets, slashes too; it may only be the last of them. */
const operator = /\{\*{1,2}\}/g;

/** Why a path could never match as its writer means it; undefined where it can. */
function whyUnfitPath(path: string): string | undefined {
  if (!/^[!-~]+$/.test(path))
    return 'use visible ASCII: what is beyond is percent-encoded in a path';
  if (/[?#]/.test(path)) return 'a path has neither ? nor #: the query is no part of it';
  if (!/^[/*]/.test(path)) return 'begin with / or with *';
  const unfit = whyNotNormal(path);
  if (unfit !== undefined) return unfit;
  if (!/[{}]/.test(path)) return hasFitStar(path) ? undefined : starMessage;
  return whyUnfitTemplate(path);
}

function whyUnfitTemplate(path: string): string | undefined {
  if (/[{}*]/.test(path.replace(operator, ''))) {
    return 'beside {*} and {**} a template has neither braces nor a *';
  }
  const operators = path.match(operator) ?? [];
  if (operators.slice(0, -1).includes('{**}')) return '{**} may only be the last of the operators';
  const segments = path.split('/').filter((segment) => segment.includes('{'));
  if (segments.every((segment) => /^\{\*{1,2}\}$/.test(segment))) return undefined;
  return '{*} and {**} each stand for a whole segment';
}

/** Paths are brought into one form before rules look at them: a rule in another form would match nothing. */
function whyNotNormal(path: string): string | undefined {
  if (/\/\.{1,2}(?:\/|$)/.test(path)) return 'a path has no segments of dots once it is looked at';
  for (const [triplet] of path.matchAll(/%.{0,2}/g)) {
    if (!/^%[\dA-F]{2}$/.test(triplet)) return 'write %-encodings with two digits, in upper case';
    const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16));
    if (/[\w.~-]/.test(character)) return `write ${character} in place of ${triplet}`;
  }
  return undefined;
}

export const pathPattern = z
  .string()
  .min(1)
  .max(2048)
  .superRefine((path, context) => {
    const why = whyUnfitPath(path);
    if (why !== undefined) context.addIssue({ code: 'custom', message: why });
  });
