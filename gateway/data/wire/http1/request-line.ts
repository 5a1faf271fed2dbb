/** Owns the request line (RFC 9112 section 3) and the four forms of its target. */
import {
  isAuthority,
  isTunnelAuthority,
  withoutEmptyPort,
} from '../../../../core/uri-authority.ts';
import { isOriginForm, isToken } from './grammar.ts';
import { sp, zero } from './octets.ts';
import { type Refusal, type RefusalCode, refusals } from './refusal.ts';

export type Protocol = '1.0' | '1.1';

/** RFC 9112 section 3.2. The authority of the absolute and authority forms replaces the Host field. */
export type Target =
  | { readonly form: 'origin'; readonly path: string }
  | {
      readonly form: 'absolute';
      readonly scheme: 'http' | 'https';
      readonly authority: string;
      /** In origin form, or `*` for OPTIONS of a URI without a path (section 3.2.4). */
      readonly path: string;
    }
  | { readonly form: 'authority'; readonly authority: string }
  | { readonly form: 'asterisk' };

interface RequestLine {
  readonly kind: 'request-line';
  readonly method: string;
  readonly protocol: Protocol;
  readonly target: Target;
}

/** ` HTTP/1.x` */
const versionLength = 9;

/** The request line that `text` holds from its start to `end`; exactly one space between its parts. */
export function readRequestLine(text: string, end: number): RequestLine | Refusal {
  const methodEnd = text.indexOf(' ');
  if (methodEnd < 0 || methodEnd >= end) return refusals['start-line-invalid'];
  const targetEnd = end - versionLength;
  const protocol = readVersion(text, targetEnd + 1);
  if (targetEnd <= methodEnd || text.charCodeAt(targetEnd) !== sp || protocol === undefined) {
    return refusals[whyNoVersion(text.slice(0, end))];
  }
  const method = readMethod(text, methodEnd);
  if (method === undefined) return refusals['method-invalid'];
  const target = readTarget(method, text.slice(methodEnd + 1, targetEnd));
  return typeof target === 'string'
    ? refusals[target]
    : { kind: 'request-line', method, protocol, target };
}

/** The methods of nearly every request: their names are made once, and known to be tokens. */
const knownMethods = ['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'CONNECT'];

function readMethod(text: string, end: number): string | undefined {
  for (const method of knownMethods) {
    if (method.length === end && text.startsWith(method)) return method;
  }
  const method = text.slice(0, end);
  return isToken(method) ? method : undefined;
}

/** The protocol version that `text` holds at `at`: a later minor one is as 1.1, for us the highest (RFC 9110 section 2.5). */
export function readVersion(text: string, at: number): Protocol | undefined {
  if (text.startsWith('HTTP/1.1', at)) return '1.1';
  if (!text.startsWith('HTTP/1.', at)) return undefined;
  const minor = text.charCodeAt(at + 7) - zero;
  if (minor === 0) return '1.0';
  return minor > 0 && minor <= 9 ? '1.1' : undefined;
}

function whyNoVersion(line: string): RefusalCode {
  const parts = line.split(' ');
  if (parts.length !== 3) return 'start-line-invalid';
  return /^HTTP\/\d\.\d$/.test(parts[2] ?? '') ? 'version-unsupported' : 'version-invalid';
}

function readTarget(method: string, target: string): Target | RefusalCode {
  if (method === 'CONNECT') {
    if (isTunnelAuthority(target)) return { form: 'authority', authority: target };
    return 'target-form-mismatch';
  }
  if (target.startsWith('/')) {
    return isOriginForm(target) ? { form: 'origin', path: target } : 'target-invalid';
  }
  if (target === '*') return method === 'OPTIONS' ? asterisk : 'target-form-mismatch';
  const absolute = /^(https?):\/\/([^/?]+)(.*)$/i.exec(target);
  if (absolute === null) return isAuthority(target) ? 'target-form-mismatch' : 'target-invalid';
  const [, scheme = '', authority = '', rest = ''] = absolute;
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  if (!isAuthority(authority) || !isOriginForm(path)) return 'target-invalid';
  return {
    form: 'absolute',
    scheme: scheme.toLowerCase() as 'http' | 'https',
    authority: withoutEmptyPort(authority),
    path: rest === '' && method === 'OPTIONS' ? '*' : path,
  };
}

const asterisk: Target = { form: 'asterisk' };
