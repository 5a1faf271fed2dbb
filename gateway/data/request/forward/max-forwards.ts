/** Owns how far TRACE and OPTIONS go: every hop counts Max-Forwards down, and answers itself at 0 (RFC 9110 section 7.6.2). */

import type { Exchange } from '../../message/exchange.ts';
import type { RequestHead } from '../../message/message.ts';
import { OwnFields } from '../../message/response-fields.ts';
import { FieldFilter } from '../../wire/http1/field-filter.ts';
import { idOfName } from '../../wire/http1/field-names.ts';

export const maxForwardsField = 'max-forwards';

const maxForwardsId = idOfName(maxForwardsField);

/** RFC 9110 section 9.3.8: what may hold credentials is not told to whoever asks what was sent; the host is, first of all. */
const untold = new FieldFilter((name) => /^(?:(?:proxy-)?authorization|cookie|host)$/.test(name));

/** How many hops a request may still take; undefined where nobody says, or may say. */
export function forwardsLeft({ method, fields }: RequestHead): number | undefined {
  if (method !== 'OPTIONS' && method !== 'TRACE') return undefined;
  const value = fields.getById(maxForwardsId);
  if (value === undefined || !/^\d+$/.test(value)) return undefined;
  return Math.min(Number(value), Number.MAX_SAFE_INTEGER);
}

/** Answers as whoever the request has come to: TRACE with what was received, OPTIONS with nothing. Returns the status. */
export function answerHere(exchange: Exchange): number {
  const { method, path, authority, fields } = exchange.head;
  if (method !== 'TRACE') {
    exchange.respond({ status: 204, fields: new OwnFields([]), bodyLength: 'none' }, true);
    return 204;
  }
  const lines = fields.without(untold, fields.sensitive);
  const message = `TRACE ${path} HTTP/1.1\r\nhost: ${authority}\r\n${lines}\r\n`;
  const body = Buffer.from(message, 'latin1');
  const type = new OwnFields(['content-type', 'message/http']);
  exchange.respond({ status: 200, fields: type, bodyLength: body.length }, false);
  exchange.write(body);
  exchange.end();
  return 200;
}
