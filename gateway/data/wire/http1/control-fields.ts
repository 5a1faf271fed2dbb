/** Owns the fields that steer the exchange itself: host, connection, framing, expectation, upgrade. */
import { isAuthority, withoutEmptyPort } from '../../../../core/uri-authority.ts';
import { fieldId } from './field-names.ts';
import type { FieldSection } from './field-section.ts';
import { readContentLength, whyNotChunked } from './framing.ts';
import { isToken, membersOf } from './grammar.ts';
import { type Refusal, type RefusalCode, refusals } from './refusal.ts';
import type { Protocol } from './request-line.ts';

/** Most options that Connection may list; each is compared with each field that is sent on. */
const maxTokens = 32;

const noTokens: readonly string[] = [];

/**
 * The last host that was found valid: most often it is the next one's as well, which is then neither validated
 * nor looked up as a string of its own.
 */
let lastHost: string | undefined;

export class ControlFields {
  readonly kind = 'control-fields';
  host: string | undefined = undefined;
  contentLength: number | undefined = undefined;
  isChunked = false;
  closes = false;
  keepsAlive = false;
  /** Connection options but `close` and `keep-alive`, in lower case: names of fields for this connection only. */
  tokens: readonly string[] = noTokens;
  expectation: string | undefined = undefined;
  upgrade: string | undefined = undefined;
}

/** Reads them in one pass. */
export function readControlFields(
  fields: FieldSection,
  protocol: Protocol,
): ControlFields | Refusal {
  const control = new ControlFields();
  for (let i = 0; i < fields.size; i++) {
    const id = fields.id(i);
    if (id === fieldId.unknown || id > fieldId.upgrade) continue;
    const wrong = take(control, id, fields.value(i), protocol);
    if (wrong !== undefined) return refusals[wrong];
  }
  return control;
}

/** RFC 9112 section 9.3; `close` wins over `keep-alive`. */
export function isPersistent(control: ControlFields, protocol: Protocol): boolean {
  return !control.closes && (protocol === '1.1' || control.keepsAlive);
}

/** The protocols asked for or switched to (RFC 9110 section 7.8): none in HTTP/1.0, none unless Connection names the field. */
export function upgradeOf(control: ControlFields, protocol: Protocol): string | undefined {
  return protocol === '1.1' && control.tokens.includes('upgrade') ? control.upgrade : undefined;
}

function take(
  control: ControlFields,
  id: number,
  value: string,
  protocol: Protocol,
): RefusalCode | undefined {
  switch (id) {
    case fieldId.host:
      if (control.host !== undefined) return 'host-repeated';
      if (value === lastHost) control.host = lastHost;
      else if (isAuthority(value)) {
        lastHost = withoutEmptyPort(value);
        control.host = lastHost;
      } else return 'host-invalid';
      return undefined;
    case fieldId['content-length']: {
      if (control.contentLength !== undefined) return 'content-length-repeated';
      const length = readContentLength(value);
      if (typeof length === 'string') return length;
      control.contentLength = length;
      return undefined;
    }
    case fieldId['transfer-encoding']:
      if (control.isChunked) return 'transfer-encoding-repeated';
      control.isChunked = true;
      return whyNotChunked(value, protocol);
    case fieldId.expect:
      control.expectation = listed(control.expectation, value);
      return undefined;
    case fieldId.upgrade:
      control.upgrade = listed(control.upgrade, value);
      return undefined;
    default:
      return takeConnection(control, value);
  }
}

function listed(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`;
}

function takeConnection(control: ControlFields, value: string): RefusalCode | undefined {
  if (value === 'keep-alive') {
    control.keepsAlive = true;
    return undefined;
  }
  for (const option of membersOf(value)) {
    if (option === 'close') control.closes = true;
    else if (option === 'keep-alive') control.keepsAlive = true;
    else if (isToken(option) && control.tokens.length < maxTokens) {
      control.tokens = [...control.tokens, option];
    } else if (option !== '') return 'connection-invalid';
  }
  return undefined;
}
