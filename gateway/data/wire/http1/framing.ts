/** Owns how a message says where its content ends (RFC 9112 section 6.3); whatever is ambiguous is refused. */
import { isToken, membersOf } from './grammar.ts';
import { zero } from './octets.ts';
import { type Refusal, type RefusalCode, refusals } from './refusal.ts';
import type { Protocol } from './request-line.ts';

export type Framing =
  /** No content, and no field that says so. */
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  /** Responses only: until the connection is closed. */
  | { readonly kind: 'until-close' };

export const noContent: Framing = { kind: 'none' };
export const chunked: Framing = { kind: 'chunked' };
export const untilClose: Framing = { kind: 'until-close' };

/**
 * The value of a Content-Length field, or why it is refused. Decimal digits only (RFC 9110 section 8.6), zeros in front among
 * them, which are not sent on: no sign, and no list of equal values, which RFC 9112 section 6.3 lets a recipient repair.
 */
export function readContentLength(value: string): number | RefusalCode {
  const { length } = value;
  if (length === 0) return 'content-length-invalid';
  let bytes = 0;
  for (let i = 0; i < length; i++) {
    const digit = value.charCodeAt(i) - zero;
    if (digit < 0 || digit > 9) return 'content-length-invalid';
    bytes = bytes * 10 + digit;
  }
  return Number.isSafeInteger(bytes) ? bytes : 'content-length-too-large';
}

/**
 * Why a Transfer-Encoding is refused, if it is. RFC 9112 section 6.1: an unknown coding is 501, chunked
 * that is not the last, or applied twice, is 400, and so is any in HTTP/1.0, where it is a sign of an attack.
 */
export function whyNotChunked(value: string, protocol: Protocol): RefusalCode | undefined {
  if (protocol === '1.0') return 'transfer-encoding-in-1.0';
  if (value.toLowerCase() === 'chunked') return undefined;
  const codings = membersOf(value);
  const isLastOnly = codings.indexOf('chunked') === codings.length - 1;
  const known = codings.every(isToken);
  return isLastOnly && known ? 'transfer-encoding-unsupported' : 'transfer-encoding-invalid';
}

/** The framing that the two fields make together. */
export function framingOf(
  length: number | undefined,
  isChunked: boolean,
  otherwise: Framing,
): Framing | Refusal {
  if (isChunked) return length === undefined ? chunked : refusals['length-and-transfer-encoding'];
  if (length === undefined) return otherwise;
  return { kind: 'length', bytes: length };
}
