/** Owns connections of HTTP/2 clients in tests, by prior knowledge. */
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import type { ExecutionContext } from 'ava';

/** Connects; it ends with the test. That it broke is told by its streams. */
export function http2Session(
  t: Pick<ExecutionContext, 'teardown'>,
  url: string,
): ClientHttp2Session {
  const session = connect(url);
  session.on('error', () => {});
  t.teardown(() => session.destroy());
  return session;
}

/** Begins a request for a host's path. */
export function requestOver(
  session: ClientHttp2Session,
  host: string,
  path: string,
  method = 'GET',
): ClientHttp2Stream {
  return session.request({ ':method': method, ':path': path, ':authority': host });
}
