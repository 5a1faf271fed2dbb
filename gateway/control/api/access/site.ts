/** Owns telling the API's own pages from those of other sites: DNS rebinding and cross-site requests end here. */
import type { IncomingHttpHeaders } from 'node:http';
import { readAuthority } from '../../../../core/uri-authority.ts';

/** How the listener is reached. */
export interface Site {
  readonly scheme: 'http' | 'https';
  /** Whether a host name or address, without its port, is one that the listener goes by. */
  isOwnName(host: string): boolean;
}

/**
 * Why a request is refused, or undefined. A page of another site has another `Origin`; one that points its own name at this
 * machine (DNS rebinding) has another `Host`. What changes something must come from a page of this very origin, and as
 * JSON, which no form can send.
 */
export function foreign(
  site: Site,
  method: string,
  headers: IncomingHttpHeaders,
): string | undefined {
  const { host, origin } = headers;
  if (host === undefined) return 'The request names no host';
  const named = readAuthority(host);
  if (named === undefined || named.zone !== '' || !site.isOwnName(named.host.toLowerCase())) {
    return `The request is for ${JSON.stringify(host.slice(0, 80))}, which is not what this listener is called`;
  }
  const own = URL.parse(`${site.scheme}://${host}`)?.origin;
  if (origin !== undefined && (own === undefined || URL.parse(origin)?.origin !== own)) {
    return `The request comes from a page of another site, ${JSON.stringify(origin.slice(0, 80))}`;
  }
  if (method === 'GET' || method === 'HEAD') return undefined;
  const fetchSite = headers['sec-fetch-site'];
  if (fetchSite !== undefined && fetchSite !== 'same-origin' && fetchSite !== 'none') {
    return 'The request comes from a page of another site';
  }
  const fromBrowser = origin !== undefined || fetchSite !== undefined;
  if (fromBrowser && method === 'POST' && !isJson(headers['content-type'])) {
    return 'A page changes something only by sending JSON';
  }
  return undefined;
}

function isJson(contentType: string | undefined): boolean {
  return contentType?.split(';')[0]?.trim().toLowerCase() === 'application/json';
}
