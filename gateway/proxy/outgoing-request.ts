/** Owns how a request is written to an endpoint: its head, and how its content is framed. */
import { framingLines, requestHead } from '../wire/http1/encode.ts';
import { fieldLines, joinLines, unsendable } from '../wire/http1/field-lines.ts';
import { chunked, type Framing, noContent } from '../wire/http1/framing.ts';
import type { RequestHead } from './message.ts';
import { type OutgoingFields, outgoingFields } from './outgoing-fields.ts';

export interface OutgoingRequest {
  readonly method: string;
  readonly head: string;
  readonly framing: Framing;
}

/** Throws INTERNAL when it can't be sent in HTTP/1.1. */
export function outgoingRequest(request: RequestHead, hasBody: boolean): OutgoingRequest {
  const { method, path, authority } = request;
  if (method === 'CONNECT') throw unsendable('CONNECT is for no endpoint');
  const { lines, length } = outgoingFields(request.fields);
  const framing = framingOf(method, length, hasBody);
  const host = fieldLines(['host', authority]);
  const head = requestHead(method, path, joinLines(host, joinLines(lines, framingLines(framing))));
  return { method, head, framing };
}

function framingOf(method: string, length: OutgoingFields['length'], hasBody: boolean): Framing {
  if (length === 'invalid') throw unsendable('The Content-Length is not one plain number');
  if (hasBody) return length === undefined ? chunked : { kind: 'length', bytes: length };
  if (length !== undefined && length > 0) throw unsendable('The content announced is not there');
  return length === 0 || expectsContent(method) ? { kind: 'length', bytes: 0 } : noContent;
}

/** RFC 9110 section 8.6: methods that give content a meaning say so when there is none. */
function expectsContent(method: string): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH';
}
