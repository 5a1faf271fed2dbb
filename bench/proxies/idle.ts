/** Owns idle connections: many at once, each of which was used for one request and then rests. */
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { quantile } from '../machine.ts';
import type { Credentials } from './credentials.ts';
import type { Load } from './load.ts';
import { answer, tlsClientOptions } from './probe.ts';
import { authority, paths } from './running.ts';

export interface IdleConnection {
  isOpen(): boolean;
  close(): void;
}

/** Connections made at once; many more would overflow a listener's backlog. */
const atOnce = 32;

interface Opened {
  readonly connections: IdleConnection[];
  /** Opening all of them, with one request on each, as a load. */
  readonly load: Load;
}

/** Makes `count` connections by `open`. Rejects when one fails. */
export async function openMany(
  count: number,
  open: () => Promise<IdleConnection>,
): Promise<Opened> {
  const connections: IdleConnection[] = [];
  const milliseconds: number[] = [];
  const started = performance.now();
  const timed = async () => {
    const begun = performance.now();
    const connection = await open();
    milliseconds.push(performance.now() - begun);
    return connection;
  };
  while (connections.length < count) {
    const size = Math.min(atOnce, count - connections.length);
    connections.push(...(await Promise.all(Array.from({ length: size }, timed))));
  }
  const load = {
    requests: count,
    seconds: (performance.now() - started) / 1_000,
    p50Ms: quantile(milliseconds, 0.5),
    p99Ms: quantile(milliseconds, 0.99),
    errors: 0,
  };
  return { connections, load };
}

/** A connection whose one HTTP/1.1 request was answered with 200. */
export function openHttp1(port: number): Promise<IdleConnection> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      if (!received.startsWith('HTTP/1.1 200')) reject(new Error(received));
      const [head = '', body = ''] = received.split('\r\n\r\n');
      if (body.length < Number(/content-length: *(\d+)/i.exec(head)?.[1])) return;
      resolve({ isOpen: () => socket.readable, close: () => socket.destroy() });
    });
    socket.write(`GET ${paths.small} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  });
}

/** An HTTP/2 connection over mTLS whose one request was answered with 200. */
export async function openTls(port: number, client: Credentials): Promise<IdleConnection> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, tlsClientOptions(client));
  const status = await answer(session, paths.small);
  if (status !== 200) throw new Error(`An answer of ${status}`);
  return { isOpen: () => !session.closed, close: () => session.destroy() };
}
