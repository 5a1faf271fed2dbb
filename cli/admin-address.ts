/** Owns addresses of admin APIs: `http://host:port`, `https://host:port`, or `unix:/path` for a socket on this machine. */
import { IsthmusError } from '../core/errors.ts';

export type AdminAddress =
  | { readonly kind: 'http'; readonly url: URL; readonly text: string }
  | { readonly kind: 'unix'; readonly path: string; readonly text: string };

export const defaultAdmin = 'http://127.0.0.1:7001';

/** Parses an address; `host:port` alone means http. Throws CONFIG_INVALID. */
export function parseAdminAddress(text: string): AdminAddress {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length).replace(/^\/\/(?=\/)/, '');
    if (path === '') throw invalid(text);
    return { kind: 'unix', path, text };
  }
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.parse(withScheme);
  const bare = url?.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (!url || !isHttp || !bare) throw invalid(text);
  return { kind: 'http', url, text: url.origin };
}

function invalid(text: string): IsthmusError {
  return new IsthmusError('CONFIG_INVALID', {
    what: `${JSON.stringify(text)} is not the address of an admin API`,
    fix: 'Use http://host:port, https://host:port or unix:/path.',
  });
}
