/** Owns the head of a request, valid by construction. */
import { isPersistent, readControlFields, upgradeOf } from './control-fields.ts';
import { isContinue } from './expectation.ts';
import type { FieldSection } from './field-section.ts';
import { type Framing, framingOf, noContent } from './framing.ts';
import { type Refusal, refusals } from './refusal.ts';
import { type Protocol, readRequestLine, type Target } from './request-line.ts';
import type { Section } from './section-scanner.ts';

export interface RequestHead {
  readonly kind: 'head';
  readonly method: string;
  readonly protocol: Protocol;
  readonly target: Target;
  /** The Host field; undefined only in HTTP/1.0. A target in absolute or authority form overrides it (RFC 9112 section 3.2.2). */
  readonly host: string | undefined;
  readonly fields: FieldSection;
  readonly framing: Framing;
  /** CONNECT: what follows the head is no content (RFC 9110 section 9.3.6). */
  readonly isTunnel: boolean;
  /** Whether the connection may serve another request after this one. */
  readonly isPersistent: boolean;
  /** Names in lower case that Connection lists beside `close` and `keep-alive`: fields that stop here. */
  readonly connectionTokens: readonly string[];
  /** Whether the client waits for 100 (Continue) before its content (RFC 9110 section 10.1.1). */
  readonly expectsContinue: boolean;
  /** The protocols that the client would rather speak. */
  readonly upgrade: string | undefined;
}

function hasContent(framing: Framing): boolean {
  return framing.kind === 'length' ? framing.bytes > 0 : framing.kind !== 'none';
}

export function readRequestHead({ text, startLineEnd, fields }: Section): RequestHead | Refusal {
  const line = readRequestLine(text, startLineEnd);
  if (line.kind === 'refused') return line;
  const { method, protocol, target } = line;
  const control = readControlFields(fields, protocol);
  if (control.kind === 'refused') return control;
  const { host, contentLength, isChunked, expectation } = control;
  if (host === undefined && protocol === '1.1') return refusals['host-missing'];
  if (expectation !== undefined && !isContinue(expectation)) return refusals['expectation-unknown'];
  const framing = framingOf(contentLength, isChunked, noContent);
  if (framing.kind === 'refused') return framing;
  const isTunnel = target.form === 'authority';
  if (isTunnel && (isChunked || contentLength !== undefined)) {
    return refusals['content-not-allowed'];
  }
  return {
    kind: 'head',
    method,
    protocol,
    target,
    host,
    fields,
    framing,
    isTunnel,
    isPersistent: isPersistent(control, protocol),
    connectionTokens: control.tokens,
    expectsContinue: expectation !== undefined && protocol === '1.1' && hasContent(framing),
    upgrade: upgradeOf(control, protocol),
  };
}
