/** Owns sending the answer that a policy has the gateway give. */
import type { Exchange } from '../../message/exchange.ts';
import { OwnFields } from '../../message/response-fields.ts';
import type { OwnAnswer } from '../step.ts';

export function giveAnswer(exchange: Exchange, { status, fields, body }: OwnAnswer): void {
  const edits = exchange.passage?.response?.fields ?? [];
  const own = new OwnFields([...fields, ...edits]);
  // RFC 9110 sections 15.3.5 and 15.4.5: these have no content.
  const isEmpty = status === 204 || status === 304;
  const bodyLength = isEmpty ? 'none' : (body?.length ?? 0);
  const ends =
    isEmpty || body === undefined || body.length === 0 || exchange.head.method === 'HEAD';
  exchange.respond({ status, fields: own, bodyLength }, ends);
  if (ends || body === undefined) return;
  exchange.write(body);
  exchange.end();
}
