/** Owns the load of handshakes: a closed loop of connections that are used for nothing else. */
import { type ConnectionOptions, connect, createSecureContext } from 'node:tls';
import { quantile } from '../machine.ts';
import type { Credentials } from './credentials.ts';
import type { Load } from './load.ts';
import { tlsClientOptions } from './probe.ts';

/** The first octets of an HTTP/2 client: the preface and empty SETTINGS (RFC 9113, section 3.4). */
const greeting = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1');

const atOnce = 8;

/** Full mTLS 1.3 handshakes, `atOnce` under way. */
export async function handshakeLoad(
  port: number,
  client: Credentials,
  seconds: number,
): Promise<Load> {
  const options: ConnectionOptions = {
    host: '127.0.0.1',
    port,
    // One key exchange that every server has, whatever its OpenSSL would rather use.
    secureContext: createSecureContext({ ...tlsClientOptions(client), ecdhCurve: 'X25519' }),
    rejectUnauthorized: false,
    ALPNProtocols: ['h2'],
  };
  const milliseconds: number[] = [];
  let errors = 0;
  const started = performance.now();
  const loop = async () => {
    while (performance.now() - started < seconds * 1_000) {
      const begun = performance.now();
      try {
        await greet(options);
        milliseconds.push(performance.now() - begun);
      } catch {
        errors++;
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, loop));
  return {
    requests: milliseconds.length,
    seconds: (performance.now() - started) / 1_000,
    p50Ms: quantile(milliseconds, 0.5),
    p99Ms: quantile(milliseconds, 0.99),
    errors,
  };
}

/** Resolves when the server has greeted back: in TLS 1.3 a client can't tell before that its certificate was accepted. */
function greet(options: ConnectionOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(options, () => socket.write(greeting));
    socket.once('data', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed before a greeting')));
  });
}
