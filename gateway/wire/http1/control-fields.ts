/** Owns the fields that steer the exchange itself: host, connection, framing, expectation, upgrade. */
import { ownText } from '../../../core/own-text.ts';
import { isAuthority } from './authority.ts';
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

/** There is one: what it says holds until the next section is read. */
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

  begin(): void {
    this.host = undefined;
    this.contentLength = undefined;
    this.isChunked = false;
    this.closes = false;
    this.keepsAlive = false;
    this.tokens = noTokens;
    this.expectation = undefined;
    this.upgrade = undefined;
  }
}

const control = new ControlFields();

/** Reads them in one pass. */
export function readControlFields(
  fields: FieldSection,
  protocol: Protocol,
): ControlFields | Refusal {
  control.begin();
  const { size } = fields;
  for (let i = 0; i < size; i++) {
    const id = fields.id(i);
    if (id === fieldId.unknown || id > fieldId.upgrade) continue;
    const wrong = take(id, fields, i, protocol);
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
  id: number,
  fields: FieldSection,
  index: number,
  protocol: Protocol,
): RefusalCode | undefined {
  switch (id) {
    case fieldId.host:
      return takeHost(fields, index);
    case fieldId.connection:
      return takeConnection(fields, index);
    case fieldId['content-length']: {
      if (control.contentLength !== undefined) return 'content-length-repeated';
      const length = readContentLength(fields.value(index));
      if (typeof length === 'string') return length;
      control.contentLength = length;
      return undefined;
    }
    case fieldId['transfer-encoding']:
      if (control.isChunked) return 'transfer-encoding-repeated';
      control.isChunked = true;
      return whyNotChunked(fields.value(index), protocol);
    case fieldId.expect:
      control.expectation = listed(control.expectation, fields.value(index));
      return undefined;
    case fieldId.upgrade:
      control.upgrade = listed(control.upgrade, fields.value(index));
      return undefined;
    default:
      return undefined;
  }
}

function listed(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`;
}

function takeHost(fields: FieldSection, index: number): RefusalCode | undefined {
  if (control.host !== undefined) return 'host-repeated';
  if (lastHost === undefined || !fields.isValue(index, lastHost)) {
    const value = fields.value(index);
    if (!isAuthority(value)) return 'host-invalid';
    lastHost = ownText(value);
  }
  control.host = lastHost;
  return undefined;
}

function takeConnection(fields: FieldSection, index: number): RefusalCode | undefined {
  if (fields.isValue(index, 'keep-alive')) {
    control.keepsAlive = true;
    return undefined;
  }
  for (const option of membersOf(fields.value(index))) {
    if (option === 'close') control.closes = true;
    else if (option === 'keep-alive') control.keepsAlive = true;
    else if (isToken(option) && control.tokens.length < maxTokens) {
      control.tokens = [...control.tokens, option];
    } else if (option !== '') return 'connection-invalid';
  }
  return undefined;
}
