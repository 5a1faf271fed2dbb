/** Owns endpoints over TLS in tests: real servers with certificates of the tests' own authority. */
import { createSecureServer } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import type { TLSSocket, TlsOptions } from 'node:tls';
import { createServer as createTlsServer } from 'node:tls';
import type { ExecutionContext } from 'ava';
import type { ServerTrust } from '../../../../certs/server-trust.ts';
import { keyPemOf, pemOf } from '../../../../certs/x509.ts';
import { type Forged, type ForgeRequest, forge, tlsCredentials } from '../../../certs/forge.ts';

type Context = Pick<ExecutionContext, 'teardown'>;

export const hostname = 'orders.internal';
const authority = forge({ name: 'endpoints', ca: true });
export const caPem = pemOf(authority.certificate.raw);

/** What a gateway trusts that knows whom to expect. */
export const trusted: ServerTrust = { roots: caPem, hostname };

/** A certificate for `hostname` by the authority, or otherwise than that. */
export function certified(options: Partial<ForgeRequest> = {}): Forged {
  return forge({ name: hostname, issuer: authority, dnsNames: [hostname], ...options });
}

export function credentialsOf({ certificate, key }: Forged) {
  return { chainPem: pemOf(certificate.raw), keyPem: keyPemOf(key) };
}

export interface TlsOrigin {
  readonly id: string;
  readonly port: number;
  /** A line for each request that was heard: its server name, and who asked. */
  readonly heard: readonly string[];
  /** Connections that were secured. */
  readonly connections: number;
}

type Kind = 'http' | 'http2' | 'raw';

/** Starts one that answers with its id, or echoes raw octets; it ends with the test. */
export async function startTlsOrigin(
  t: Context,
  id: string,
  { kind = 'http', by = certified(), ...options }: TlsOptions & { kind?: Kind; by?: Forged } = {},
): Promise<TlsOrigin & { readonly server: Server }> {
  const heard: string[] = [];
  const hear = (socket: TLSSocket) => {
    const { CN = '-' } = socket.getPeerCertificate()?.subject ?? {};
    heard.push(`${socket.servername || '-'} ${Array.isArray(CN) ? CN[0] : CN}`);
  };
  const secure = { ...tlsCredentials(by), ...options };
  const server: Server =
    kind === 'http2'
      ? createSecureServer(secure, ({ stream }, response) => {
          hear(stream.session?.socket as TLSSocket);
          response.end(id);
        })
      : kind === 'http'
        ? createHttpsServer(secure, ({ socket }, response) => {
            hear(socket as TLSSocket);
            response.end(id);
          })
        : createTlsServer({ ...secure, allowHalfOpen: true }, (socket) => {
            socket.on('data', (data) => {
              hear(socket);
              socket.write(data);
            });
            socket.on('end', () => socket.end(' bye'));
            socket.on('error', () => undefined);
          });
  const sockets = new Set<TLSSocket>();
  server.on('secureConnection', (socket: TLSSocket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    id,
    server,
    port: (server.address() as AddressInfo).port,
    heard,
    get connections() {
      return sockets.size;
    },
  };
}
