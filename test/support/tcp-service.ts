/** Owns TCP services in tests: servers on free ports that do with each connection what the test says. */
import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { ExecutionContext } from 'ava';

type Scope = Pick<ExecutionContext, 'teardown'>;

export interface TcpService {
  /** As an endpoint. */
  readonly id: string;
  readonly port: number;
  /** Connections there have been. */
  readonly sockets: readonly Socket[];
  /** Those that are still there. */
  readonly open: number;
}

/** Sends back what comes, and ends when it has ended. */
export const echo = (socket: Socket): void => void socket.pipe(socket);

/**
 * Closed with the test. Either side of its connections may end before the other, unless `allowHalfOpen` is false: then
 * one that is ended is closed.
 */
export async function startTcpService(
  t: Scope,
  serve: (socket: Socket) => void = echo,
  { allowHalfOpen = true } = {},
): Promise<TcpService> {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    id: 'tcp-1',
    port: (server.address() as AddressInfo).port,
    sockets,
    get open() {
      return sockets.filter((socket) => !socket.closed).length;
    },
  };
}

/** A connection to `host:port`, perhaps from an address, which may end before the other side does; destroyed with the test. */
export async function dialTcp(t: Scope, address: string, from?: string): Promise<Socket> {
  const socket = openTcp(t, address, from);
  await once(socket, 'connect');
  return socket;
}

function openTcp(t: Scope, address: string, from?: string): Socket {
  const colon = address.lastIndexOf(':');
  const socket = connect({
    host: address.slice(0, colon),
    port: Number(address.slice(colon + 1)),
    allowHalfOpen: true,
    ...(from !== undefined && { localAddress: from }),
  });
  t.teardown(() => socket.destroy());
  return socket;
}

/** How a connection ended: by an end, with everything that came before it, or broken, with the reason. */
type Ended =
  | { readonly kind: 'ended'; readonly text: string }
  | { readonly kind: 'broken'; readonly code: string | undefined };

/** How a connection to an address ends on which nothing is sent. It may be broken before it is known to be made. */
export function endOf(t: Scope, address: string): Promise<Ended> {
  return readAll(openTcp(t, address));
}

/** Reads until the other side ends, or the connection breaks. */
export function readAll(socket: Socket): Promise<Ended> {
  return new Promise((resolve) => {
    let text = '';
    socket
      .on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
      })
      .on('end', () => resolve({ kind: 'ended', text }))
      .on('error', (error: NodeJS.ErrnoException) => resolve({ kind: 'broken', code: error.code }))
      .on('close', () => resolve({ kind: 'broken', code: undefined }));
  });
}

/** What went through a direction: how many octets, and their digest once it has ended. */
export class Measured {
  octets = 0;
  readonly #hash: Hash = createHash('sha256');
  readonly ended: Promise<string>;

  /** Of what is read from a socket. */
  constructor(socket: Socket) {
    this.ended = new Promise((resolve, reject) => {
      socket
        .on('data', (chunk: Buffer) => this.#add(chunk))
        .on('end', () => resolve(this.#hash.digest('hex')))
        .on('error', reject);
    });
  }

  #add(chunk: Buffer): void {
    this.octets += chunk.length;
    this.#hash.update(chunk);
  }
}

/** Sends `octets` of pseudo-random content and ends; resolves to their digest. Sends only what is taken. */
export async function send(socket: Socket, octets: number, seed: number): Promise<string> {
  const hash = createHash('sha256');
  let state = seed >>> 0 || 1;
  for (let left = octets; left > 0; ) {
    const chunk = Buffer.allocUnsafe(Math.min(left, 64 * 1024));
    for (let i = 0; i + 4 <= chunk.length; i += 4) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      chunk.writeInt32LE(state, i);
    }
    chunk.fill(7, chunk.length - (chunk.length % 4));
    hash.update(chunk);
    left -= chunk.length;
    if (!socket.write(chunk)) await once(socket, 'drain');
  }
  socket.end();
  return hash.digest('hex');
}
