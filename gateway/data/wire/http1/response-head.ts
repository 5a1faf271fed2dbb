/** Owns the head of a response, valid by construction, and how it frames its content. */
import {
  type ControlFields,
  isPersistent,
  readControlFields,
  upgradeOf,
} from './control-fields.ts';
import type { FieldSection } from './field-section.ts';
import { type Framing, framingOf, noContent, untilClose } from './framing.ts';
import { sp, zero } from './octets.ts';
import { type Refusal, refusals } from './refusal.ts';
import { type Protocol, readVersion } from './request-line.ts';
import type { Section } from './section-scanner.ts';

/** The parts of a request that reading its response takes. */
export interface Awaited {
  readonly method: string;
  /** Whether the request asked for another protocol. */
  readonly upgrade: boolean;
}

export interface ResponseHead {
  /** `interim`: a 1xx other than 101; another head follows. */
  readonly kind: 'head' | 'interim';
  /** The method of the request that it answers: how the content is framed depends on it. */
  readonly answers: string;
  readonly protocol: Protocol;
  readonly status: number;
  readonly reason: string;
  readonly fields: FieldSection;
  readonly framing: Framing;
  /** Whether what follows the head is another protocol: after 101, and after 2xx to CONNECT. */
  readonly isTunnel: boolean;
  /** Whether the connection may carry another request after this response, or the one that this interim one precedes. */
  readonly isPersistent: boolean;
  /** Names in lower case that Connection lists beside `close` and `keep-alive`: fields that stop here. */
  readonly connectionTokens: readonly string[];
  /** The protocol switched to, or those on offer. */
  readonly upgrade: string | undefined;
}

export function readResponseHead(section: Section, awaited: Awaited): ResponseHead | Refusal {
  const { text, startLineEnd, fields } = section;
  const protocol = readVersion(text, 0);
  if (protocol === undefined || text.charCodeAt(8) !== sp) {
    const isOther = /^HTTP\/\d\.\d /.test(text) && protocol === undefined;
    return refusals[isOther ? 'version-unsupported' : 'start-line-invalid'];
  }
  const status = readStatus(text, startLineEnd);
  if (status === undefined) return refusals['status-invalid'];
  const control = readControlFields(fields, protocol);
  if (control.kind === 'refused') return control;
  const upgrade = upgradeOf(control, protocol);
  if (status === 101 && (!awaited.upgrade || upgrade === undefined)) {
    return refusals['upgrade-unexpected'];
  }
  const isTunnel = status === 101 || isSuccessOfConnect(status, awaited);
  const framing =
    isTunnel || isBodiless(status, awaited)
      ? noContent
      : framingOf(control.contentLength, control.isChunked, untilClose);
  if (framing.kind === 'refused') return framing;
  return {
    kind: status < 200 && status !== 101 ? 'interim' : 'head',
    answers: awaited.method,
    protocol,
    status,
    reason: text.slice(13, startLineEnd),
    fields,
    framing,
    isTunnel,
    isPersistent:
      isPersistent(control, protocol) &&
      framing.kind !== 'until-close' &&
      !isFramedWrongly(status, control),
    connectionTokens: control.tokens,
    upgrade,
  };
}

/** RFC 9112 section 4, but the space before an empty reason may be missing: many servers leave it out. */
function readStatus(text: string, end: number): number | undefined {
  if (end !== 12 && (end < 12 || text.charCodeAt(12) !== sp)) return undefined;
  const hundreds = text.charCodeAt(9) - zero;
  const tens = text.charCodeAt(10) - zero;
  const ones = text.charCodeAt(11) - zero;
  const isStatus = hundreds >= 1 && hundreds <= 5 && isDigit(tens) && isDigit(ones);
  return isStatus ? hundreds * 100 + tens * 10 + ones : undefined;
}

function isDigit(value: number): boolean {
  return value >= 0 && value <= 9;
}

/** RFC 9110 section 9.3.6: whatever framing such a response claims is ignored. */
function isSuccessOfConnect(status: number, { method }: Awaited): boolean {
  return method === 'CONNECT' && status >= 200 && status < 300;
}

/** Over at the empty line, whatever its fields say (RFC 9112 section 6.3, the first rule). */
function isBodiless(status: number, { method }: Awaited): boolean {
  return status < 200 || status === 204 || status === 304 || method === 'HEAD';
}

/**
 * Whether fields speak of content in a message that must not have any (RFC 9110 section 8.6, RFC 9112 section 6.1), or in two
 * ways of it: what such a server sends next may be that content. A length of 0 is common, and harmless.
 */
function isFramedWrongly(status: number, { contentLength = 0, isChunked }: ControlFields): boolean {
  const hasNone = status < 200 || status === 204;
  return hasNone ? isChunked || contentLength > 0 : isChunked && contentLength > 0;
}
