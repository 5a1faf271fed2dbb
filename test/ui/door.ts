/** Owns a door to a gateway's admin socket that a browser can use: a TCP address that leads to it, until it is shut. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Scope } from '../support/gateway-process.ts';

export interface Door {
  /** `http://127.0.0.1:port` */
  readonly origin: string;
  /** Keeps connections open and lets nothing through any more: a network that swallows. */
  hold(): void;
}

/** Opens a door to the unix socket at `path`. Where nobody listens there, connections end at once. */
export async function openDoor(t: Scope, path: string): Promise<Door> {
  const sockets = new Set<Socket>();
  let held = false;
  const server = createServer((outer) => {
    const inner = connect(path);
    for (const [socket, other] of [
      [outer, inner],
      [inner, outer],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.on('data', (chunk) => {
        if (!held) other.write(chunk);
      });
      socket.on('end', () => other.end());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    hold() {
      held = true;
    },
  };
}
