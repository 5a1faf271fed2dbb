/** Owns the paths that rules make of the paths that were asked for. */
import type { RouteRewrite } from '../../../../policy/route/rule.ts';

/**
 * `path` with its query; `prefix`: what the match has matched of it, without a slash at its end. The query stays. The table in the
 * Gateway API's HTTPPathModifier says what comes of slashes.
 */
export function changedPath(
  path: string,
  { type, replaceFullPath = '/', replacePrefixMatch = '' }: NonNullable<RouteRewrite['path']>,
  prefix: string,
): string {
  const at = path.indexOf('?');
  const [bare, query] = at < 0 ? [path, ''] : [path.slice(0, at), path.slice(at)];
  if (type === 'ReplaceFullPath') return replaceFullPath + query;
  const begin = replacePrefixMatch.endsWith('/')
    ? replacePrefixMatch.slice(0, -1)
    : replacePrefixMatch;
  const rest = bare.slice(prefix.length);
  const changed = begin + rest;
  return `${changed.startsWith('/') ? '' : '/'}${changed}${query}`;
}
