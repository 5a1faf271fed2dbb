/** Owns one request over an HTTP/2 connection of its own, for checks: in clear text by prior knowledge, or over TLS. */
import { type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from 'node:http2';
import { connect as connectPlain, isIP, type LookupFunction } from 'node:net';
import { connect as connectSecure } from 'node:tls';

interface Http2Place {
  readonly address: string;
  readonly port: number;
  /** The host that the request names. */
  readonly host: string;
  readonly tls: boolean;
  readonly lookup: LookupFunction;
}

/** The host without its port, to be named in a TLS handshake; empty for an IP address, which may not be (RFC 6066 section 3). */
export function serverNameOf(host: string): string {
  const name = host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  return isIP(name) === 0 ? name : '';
}

/** Begins a request, whose caller ends its stream. `onError` is told whatever breaks it, and may be told more than once. */
export function openHttp2(
  { address, port, host, tls, lookup }: Http2Place,
  fields: OutgoingHttpHeaders,
  onError: (error: Error) => void,
): { readonly stream: ClientHttp2Stream; readonly end: () => void } {
  const where = { host: address, port, lookup };
  const secure = { ALPNProtocols: ['h2'], rejectUnauthorized: false };
  const session = connect(`${tls ? 'https' : 'http'}://${host}`, {
    createConnection: () =>
      tls
        ? connectSecure({ ...where, ...secure, servername: serverNameOf(host) })
        : connectPlain(where),
  });
  session.on('error', onError);
  const stream = session.request({ ':authority': host, ...fields });
  stream.on('error', onError);
  stream.on('close', () => onError(new Error('The stream ended without an answer')));
  return { stream, end: () => session.destroy() };
}
