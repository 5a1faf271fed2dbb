/** Owns the one thing Node has and does not document about a listening server: the descriptor of its socket. */
import type { Server } from 'node:net';

/**
 * The descriptor of the socket a server listens on, for a child process to inherit; undefined where this Node,
 * or this platform, does not say. Then a gateway can't hand its sockets to a successor, and says so when asked to.
 */
export function fdOf(server: Server): number | undefined {
  const { _handle: handle } = server as unknown as { _handle?: { fd?: unknown } | null };
  const fd = handle?.fd;
  return typeof fd === 'number' && fd >= 0 ? fd : undefined;
}
