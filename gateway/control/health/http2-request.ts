/** Owns one request over an HTTP/2 connection of its own, for checks: in clear text by prior knowledge, or over TLS. */
import { type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from 'node:http2';
import { connect as connectPlain, isIP, type LookupFunction } from 'node:net';
import { type ConnectionOptions, connect as connectSecure } from 'node:tls';
import type { ServerTls } from '../../../certs/server-trust.ts';

interface Http2Place {
  readonly address: string;
  readonly port: number;
  /** The host that the request names. */
  readonly host: string;
  /** True: over TLS, with whoever answers. */
  readonly tls: boolean | ServerTls;
  readonly lookup: LookupFunction;
}

/** The host without its port, to be named in a TLS handshake; empty for an IP address, which may not be (RFC 6066 section 3). */
function serverNameOf(host: string): string {
  const name = host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  return isIP(name) === 0 ? name : '';
}

/** TLS with whoever answers: nothing of worth is sent or believed. */
export function unverified(host: string): ConnectionOptions {
  return { rejectUnauthorized: false, servername: serverNameOf(host) };
}

/** Begins a request, whose caller ends its stream. `onError` is told whatever breaks it, and may be told more than once. */
export function openHttp2(
  { address, port, host, tls, lookup }: Http2Place,
  fields: OutgoingHttpHeaders,
  onError: (error: Error) => void,
): { readonly stream: ClientHttp2Stream; readonly end: () => void } {
  const where = { host: address, port, lookup };
  const verified = typeof tls === 'object' ? tls : unverified(host);
  const secure = { ...where, ...verified, ALPNProtocols: ['h2'] };
  const session = connect(`${tls ? 'https' : 'http'}://${host}`, {
    createConnection: () => (tls ? connectSecure(secure) : connectPlain(where)),
  });
  session.on('error', onError);
  const stream = session.request({ ':authority': host, ...fields });
  stream.on('error', onError);
  stream.on('close', () => onError(new Error('The stream ended without an answer')));
  return { stream, end: () => session.destroy() };
}
