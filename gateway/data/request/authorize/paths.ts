/** Owns what rules make of paths: templates, first segments, and the ways in which services read more into them. */

/** `{*}` stands for one segment, `{**}` for anything. */
export function templateExpression(template: string): RegExp {
  const source = template
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('\\{\\*\\*\\}', '.*')
    .replaceAll('\\{\\*\\}', '[^/]+');
  return new RegExp(`^${source}$`);
}

/** `/far` of `/far/away`. */
export function firstSegment(path: string): string {
  const end = path.indexOf('/', 1);
  return end < 0 ? path : path.slice(0, end);
}

/**
 * The first segment of every path that fits the pattern; undefined where they may have several. The text of a prefix has it
 * whole only where a slash follows.
 */
export function segmentOf(pattern: string): string | undefined {
  const end = pattern.search(/[*{]/);
  if (end < 0) return firstSegment(pattern);
  const slash = pattern.indexOf('/', 1);
  return pattern.startsWith('/') && slash > 0 && slash < end ? pattern.slice(0, slash) : undefined;
}

/** The path to a service that decodes `%2F`, takes off parameters (`/far;a=b`) and makes one slash of several. */
export function foldedPath(path: string): string {
  if (!path.includes('//') && !path.includes(';') && !path.includes('%2F')) return path;
  return path
    .replaceAll('%2F', '/')
    .replace(/;[^/]*/g, '')
    .replace(/\/{2,}/g, '/');
}
