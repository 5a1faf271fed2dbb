/** Owns how a request is written to an HTTP/1.1 endpoint: its head, and how its content is framed. */

import type { BodyLength, OutgoingRequest } from '../message/message.ts';
import { framingLines } from '../wire/http1/encode.ts';
import { continueExpectation } from '../wire/http1/expectation.ts';
import { noLines } from '../wire/http1/field-lines.ts';
import { chunked, type Framing, noContent } from '../wire/http1/framing.ts';

export function framingOf({ method, bodyLength, tunnel }: OutgoingRequest): Framing {
  if (tunnel !== undefined) return noContent;
  if (bodyLength === 'none') return expectsContent(method) ? emptyContent : noContent;
  return lengthOf(bodyLength);
}

/**
 * Method, authority and path are as some codec of ours let them in: a token, and visible octets. `webSocketKey`:
 * where the request is to have one made here.
 */
export function requestText(
  request: OutgoingRequest,
  framing: Framing,
  webSocketKey: string | undefined,
): string {
  const { method, path, authority, fields, tunnel, expectsContinue } = request;
  const upgrade =
    tunnel?.kind === 'upgrade' ? upgradeLines(tunnel.protocol, webSocketKey) : noLines;
  const start = `${method} ${path} HTTP/1.1\r\nhost: ${authority}\r\n`;
  const expect = expectsContinue ? expectLine : noLines;
  return `${start}${fields.lines()}${framingLines(framing)}${expect}${upgrade}\r\n`;
}

const expectLine = `expect: ${continueExpectation}\r\n`;

const emptyContent: Framing = { kind: 'length', bytes: 0 };

function lengthOf(length: Exclude<BodyLength, 'none'>): Framing {
  return length === 'unknown' ? chunked : { kind: 'length', bytes: length };
}

/** RFC 9110 section 8.6: methods that give content a meaning say so when there is none. */
function expectsContent(method: string): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH';
}

function upgradeLines(protocol: string, key: string | undefined): string {
  const keyLine = key === undefined ? '' : `sec-websocket-key: ${key}\r\n`;
  return `connection: upgrade\r\nupgrade: ${protocol}\r\n${keyLine}`;
}
