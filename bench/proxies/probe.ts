/** Owns asking a program once whether it answers as it should, before anything is measured of it. */
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { type ClientHttp2Session, connect } from 'node:http2';
import { until } from '../../test/support/until.ts';
import type { Credentials } from './credentials.ts';
import { authority, paths } from './running.ts';

/** Resolves with the status of one answer. */
export type Expected = () => Promise<number>;

/** Resolves when the answer is of this status; rejects after 30 s. */
export async function expectAnswer(ask: Expected, expected = 200): Promise<void> {
  let status: number | undefined;
  try {
    await until(`an answer of ${expected}`, async () => {
      status = await ask();
      return status === expected;
    });
  } catch (cause) {
    throw new Error(`The last answer was ${status ?? 'none'}`, { cause });
  }
}

/** Asks for the small body over HTTP/1.1. */
export function http1(port: number): Expected {
  return http1For(port, authority, paths.small);
}

/** Asks for a path of a host over HTTP/1.1. */
export function http1For(port: number, host: string, path: string): Expected {
  const options = { host: '127.0.0.1', port, path, headers: { host } };
  return () =>
    new Promise((resolve, reject) => {
      request(options, (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
      })
        .on('error', reject)
        .end();
    });
}

/** Makes a unary call over cleartext HTTP/2. */
export function http2(port: number): Expected {
  return () => {
    const session = connect(`http://127.0.0.1:${port}`);
    return answer(session, paths.unary, { ':method': 'POST', te: 'trailers' }).finally(() =>
      session.destroy(),
    );
  };
}

/** Asks for the small body over HTTP/2 and mTLS. */
export function asksOverTls(port: number, client: Credentials): Expected {
  return () => {
    const session = connect(`https://127.0.0.1:${port}`, tlsClientOptions(client));
    return answer(session, paths.small).finally(() => session.destroy());
  };
}

/** Who the server is isn't asked: the load is ours, on loopback. */
export function tlsClientOptions({ cert, key }: Credentials) {
  return { cert: readFileSync(cert), key: readFileSync(key), rejectUnauthorized: false };
}

/** The status of one answer on `session`. */
export function answer(
  session: ClientHttp2Session,
  path: string,
  headers: Record<string, string> = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    session.on('error', reject);
    const stream = session.request({ ':path': path, ':authority': authority, ...headers });
    let status = 0;
    stream.on('response', (head) => {
      status = head[':status'] ?? 0;
    });
    stream.on('error', reject);
    stream.resume().on('end', () => resolve(status));
    stream.end();
  });
}
