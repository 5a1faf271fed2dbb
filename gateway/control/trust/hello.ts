/** Owns saying hello over a connection of a link, so that an answer proves that the other end accepted our certificate. */
import { connect as connectHttp2 } from 'node:http2';
import type { TLSSocket } from 'node:tls';

/**
 * Resolves to a ping that came back: with TLS 1.3 a client believes itself connected before its certificate was looked at, and settings
 * alone may have been sent before. Rejects when the connection ends first.
 */
export function hello(socket: TLSSocket, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`https://${host}`, { createConnection: () => socket });
    session.once('error', reject);
    session.once('close', () => reject(new Error('the other side closed the connection')));
    session.ping((error) => (error ? reject(error) : resolve()));
  });
}
