/** Owns a request that nobody sends: written as octets and read as a client's are, so that steps see of it what they see of others. */
import { requestOf } from '../client/received-request.ts';
import type { Exchange } from '../message/exchange.ts';
import type { Fields } from '../message/message.ts';
import type { Peer } from '../message/peer.ts';
import { http1Limits, type ProxyLimits } from '../request/limit.ts';
import type { Unreadable } from '../request/respond/unreadable.ts';
import { isFieldContent, isToken } from '../wire/http1/grammar.ts';
import { RequestParser } from '../wire/http1/request-parser.ts';
import { WithheldFields } from './withheld-fields.ts';

export interface MadeUp {
  /** `https`: over TLS that ends at the gateway, as at an ingress; default `http`. */
  readonly scheme?: 'http' | 'https' | undefined;
  readonly method: string;
  /** A host, perhaps with a port. */
  readonly authority: string;
  /** A path, perhaps with a query. */
  readonly target: string;
  /** Name and value in turns. */
  readonly fields: Fields;
  readonly peer: Peer;
  /** Names of fields that it has besides, of whose values nothing is known. */
  readonly withheld?: readonly string[] | undefined;
}

type Read =
  | {
      readonly kind: 'read';
      readonly exchange: Exchange;
      /** Its fields, where some are withheld. */
      readonly withheld?: WithheldFields;
    }
  | { readonly kind: 'refused'; readonly why: Unreadable };

function refused(status: number, what: string): Read {
  return { kind: 'refused', why: { status, what } };
}

/** No part of it can begin another line. */
export function readMadeUp(made: MadeUp, limits: ProxyLimits): Read {
  const { method, authority, target, fields, peer } = made;
  if ([method, authority, target].some((part) => !isFieldContent(part))) {
    return refused(400, 'There is a control character in the head');
  }
  for (let i = 0; i < fields.length; i += 2) {
    if (!isToken(fields[i] ?? '')) return refused(400, 'A field name is no token');
    if (!isFieldContent(fields[i + 1] ?? '')) {
      return refused(400, `The field ${fields[i]} has a value that can't be sent`);
    }
  }
  const asked = method === 'CONNECT' ? authority : target;
  const lines = [`${method} ${asked} HTTP/1.1`, `host: ${authority}`];
  for (let i = 0; i < fields.length; i += 2) lines.push(`${fields[i]}: ${fields[i + 1]}`);
  const octets = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  const step = new RequestParser(http1Limits(limits)).step(octets, 0, octets.length);
  if (step.kind === 'refused') return refused(step.status, step.text);
  if (step.kind !== 'head') return refused(400, 'It is no request');
  const received = requestOf(step, made.scheme ?? 'http', limits.encodedSlashes);
  if (received.kind === 'refused') return received;
  const { head } = received;
  if (made.withheld === undefined || made.withheld.length === 0) {
    return { kind: 'read', exchange: { ...nobodyWaits, peer, head } };
  }
  const withheld = new WithheldFields(head.fields, made.withheld);
  const exchange = { ...nobodyWaits, peer, head: { ...head, fields: withheld } };
  return { kind: 'read', exchange, withheld };
}

const nobodyWaits: Omit<Exchange, 'peer' | 'head'> = {
  passage: undefined,
  read: () => undefined,
  inform: () => true,
  respond: () => undefined,
  write: () => true,
  end: () => undefined,
  retract: () => false,
  destroy: () => undefined,
};
