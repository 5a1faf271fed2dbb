/** Owns the cast of the TLS tests: clusters with authorities, servers on real ports, and what became of each connection. */
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import type tls from 'node:tls';
import type { ExecutionContext } from 'ava';
import { type Authority, type LeafIdentity, openAuthority } from '../../certs/authority.ts';
import {
  gatewayId,
  parseTrustDomain,
  type SpiffeId,
  type TrustDomain,
} from '../../certs/spiffe-id.ts';
import { createMutualTlsServer, type MutualTlsServerOptions } from '../../certs/tls.ts';
import { TrustStore } from '../../certs/trust-store.ts';
import { systemClock } from '../../core/clock.ts';
import type { IsthmusError } from '../../core/errors.ts';
import { tempDir } from '../support/temp-dir.ts';
import type { Forged } from './forge.ts';

interface Cluster {
  readonly trustDomain: TrustDomain;
  readonly authority: Authority;
  /** The leaf of gateway `g1`. */
  readonly leaf: LeafIdentity;
  /** The root with its key, for issuing what the authority would refuse to. */
  readonly stolen: Forged;
}

export async function cluster(t: ExecutionContext, name: string): Promise<Cluster> {
  const trustDomain = parseTrustDomain(`${name}.acme`);
  const dir = await tempDir(t);
  const authority = await openAuthority({ dir, trustDomain, clock: systemClock });
  const id = gatewayId(trustDomain, 'g1');
  const leaf = await authority.issueLeaf({ id, dnsNames: [] });
  const key = createPrivateKey(await readFile(join(dir, 'ca.key')));
  return { trustDomain, authority, leaf, stolen: { certificate: authority.root, key } };
}

export function trusting(...clusters: readonly Cluster[]): TrustStore {
  const trust = new TrustStore();
  for (const { authority } of clusters) trust.set(authority.bundle());
  return trust;
}

interface Accepted {
  readonly socket: tls.TLSSocket;
  readonly peer: SpiffeId | undefined;
  /** Everything the peer wrote so far. */
  readonly received: () => string;
  /** What broke the connection, if anything. */
  readonly error: () => unknown;
}

/** Starts a mutual TLS server that answers what it is told with the same, and remembers. */
export async function serve(
  t: ExecutionContext,
  identity: () => LeafIdentity,
  trust: TrustStore,
  options: Partial<MutualTlsServerOptions> = {},
) {
  const accepted: Accepted[] = [];
  const refused: { error: IsthmusError; remoteAddress: string | undefined }[] = [];
  const server = createMutualTlsServer({
    identity,
    trust,
    clock: systemClock,
    onPeer(socket, peer) {
      accepted.push({ socket, peer, ...watched(socket) });
      socket.pipe(socket);
    },
    onRefused: (error, remoteAddress) => refused.push({ error, remoteAddress }),
    ...options,
  });
  const port = await listening(t, server);
  t.teardown(() => {
    for (const { socket } of accepted) socket.destroy();
  });
  return { server, port, accepted, refused };
}

/** Listens on a free port of this machine until the test ends. */
export async function listening(t: ExecutionContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** Reads and remembers all that arrives, and what breaks the socket. */
export function watched(socket: tls.TLSSocket) {
  let text = '';
  let error: unknown;
  socket.on('data', (chunk) => {
    text += String(chunk);
  });
  socket.on('error', (thrown) => {
    error = thrown;
  });
  return { received: () => text, error: () => error };
}
