/** Owns the part of a request that is hashed to balance its service: equal for all requests that are to meet one endpoint. */
import type { HashPolicy } from '../../../../policy/traffic-policy.ts';
import { originalClient } from '../../message/client-origin.ts';
import type { Exchange } from '../../message/exchange.ts';
import type { RequestHead } from '../../message/message.ts';

/** The value that the policy names, else the client's address; prefixed by its kind, so that no client's value passes for an address. */
export function hashKeyOf(exchange: Exchange, policy: HashPolicy): string {
  if (policy.by !== 'source') {
    const value = namedValue(exchange.head, policy.by, policy.name);
    if (value !== undefined && value !== '') return `${policy.by} ${value}`;
  }
  return `source ${originalClient(exchange)}`;
}

function namedValue(
  head: RequestHead,
  by: 'header' | 'cookie' | 'query',
  name: string,
): string | undefined {
  switch (by) {
    case 'header':
      return name === 'host' ? head.authority : head.fields.get(name);
    case 'cookie':
      return cookieOf(head, name);
    case 'query': {
      const at = head.path.indexOf('?');
      const value = at < 0 ? null : new URLSearchParams(head.path.slice(at + 1)).get(name);
      return value ?? undefined;
    }
  }
}

/** RFC 6265 section 4.2.1; HTTP/2 may send each in a field of its own (RFC 9113 section 8.2.3). */
export function cookieOf({ fields }: RequestHead, name: string): string | undefined {
  for (const field of fields.all('cookie')) {
    for (const pair of field.split(';')) {
      const at = pair.indexOf('=');
      if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
    }
  }
  return undefined;
}
