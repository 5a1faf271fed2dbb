/** Owns passing a service's response on: whether it may go back, with which fields, and the refusal in its place when it may not. */
import { IsthmusError } from '../../../core/errors.ts';
import type { Target } from '../balance/types.ts';
import type { Exchange } from '../message/exchange.ts';
import type { ResponseHead } from '../message/message.ts';
import type { OwnLines } from '../message/own-lines.ts';
import { ResponseFields } from '../message/response-fields.ts';

/** Sends the head of `target`'s response. `ends`: nothing follows it. */
export function passOn(
  exchange: Exchange,
  says: OwnLines,
  target: Target,
  head: ResponseHead,
  ends: boolean,
): void {
  const { status, bodyLength } = head;
  const own = says.served(exchange.peer, target, head.fields);
  const edits = exchange.passage?.response;
  const fields = edits ? ResponseFields.edited(head, own, edits) : ResponseFields.of(head, own);
  exchange.respond({ status, fields, bodyLength }, ends);
}

/** Whether anything but its end can follow a head. */
export function hasBody({ status, bodyLength }: ResponseHead, method: string): boolean {
  const isEmpty = bodyLength === 'none' || bodyLength === 0;
  return !isEmpty && status !== 204 && status !== 304 && method !== 'HEAD';
}

/** Whether octets pass both ways from that answer on. */
export function grantsTunnel({ head: { tunnel } }: Exchange, status: number): boolean {
  return tunnel !== undefined && status === (tunnel.kind === 'tcp' ? 200 : 101);
}

/** HTTP/2 has no way to answer the offer of another protocol with a page: a 2xx would accept it (RFC 8441 section 5). */
export function isDeclinedOffer({ head }: Exchange, status: number): boolean {
  return head.tunnel !== undefined && head.protocol === '2' && status < 300;
}

export function declinedOffer(status: number): IsthmusError {
  return new IsthmusError('UPSTREAM_FAILED', {
    what: `The service answered the offer of another protocol with ${status}`,
  });
}

export function endlessAnswer(): IsthmusError {
  return new IsthmusError('UPSTREAM_TIMED_OUT', {
    what: 'The response has not come to its end in time',
  });
}
