/** Owns what a response received over HTTP/1.1 says to the data path. */

import type { BodyLength, ResponseHead } from '../message/message.ts';
import { fieldId } from '../wire/http1/field-names.ts';
import { type Framing, readContentLength } from '../wire/http1/framing.ts';
import type { ResponseHead as ReceivedHead } from '../wire/http1/response-head.ts';

export function responseOf(received: ReceivedHead): ResponseHead {
  const { status, fields, framing, connectionTokens, isTunnel, answers } = received;
  const bodyLength = isTunnel
    ? 'unknown'
    : answers === 'HEAD' || status === 304
      ? announced(received)
      : lengthOf(framing);
  return { status, fields, bodyLength, connectionTokens, passed: null };
}

function lengthOf(framing: Framing): BodyLength {
  if (framing.kind === 'none') return 'none';
  return framing.kind === 'length' ? framing.bytes : 'unknown';
}

/** The length of what is not sent; a transfer coding overrides it (RFC 9112 section 6.3). */
function announced({ fields }: ReceivedHead): BodyLength {
  if (fields.getById(fieldId['transfer-encoding']) !== undefined) return 'unknown';
  const value = fields.get('content-length');
  const bytes = value === undefined ? undefined : readContentLength(value);
  return typeof bytes === 'number' ? bytes : 'unknown';
}
