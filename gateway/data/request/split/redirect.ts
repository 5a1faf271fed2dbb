/** Owns the answer that sends a client to another address (Gateway API, HTTPRequestRedirectFilter). */
import { readAuthority } from '../../../../core/uri-authority.ts';
import type { RouteRedirect } from '../../../../policy/route/rule.ts';
import type { RequestHead } from '../../message/message.ts';
import { changedPath } from '../route/rewrite.ts';
import { OwnAnswer } from '../step.ts';

const wellKnown = { http: 80, https: 443 } as const;

export function redirected(
  { scheme, authority, path }: Pick<RequestHead, 'scheme' | 'authority' | 'path'>,
  redirect: RouteRedirect,
  prefix: string | undefined,
): OwnAnswer {
  const asked = readAuthority(authority);
  const to = redirect.scheme ?? scheme;
  const host = redirect.hostname ?? hostOf(asked?.host ?? authority);
  const port = redirect.port ?? (redirect.scheme ? wellKnown[redirect.scheme] : asked?.port);
  const shown = port === undefined || port === wellKnown[to] ? '' : `:${port}`;
  const changed = redirect.path ? changedPath(path, redirect.path, prefix ?? '') : path;
  const location = `${to}://${host}${shown}${changed === '*' ? '/' : changed}`;
  return new OwnAnswer(redirect.statusCode, ['location', location]);
}

function hostOf(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
