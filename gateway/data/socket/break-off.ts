/** Owns breaking a connection off, so that its other end does not take what came for the whole. */
import type { Socket } from 'node:net';

/**
 * Resets a connected socket in this turn, whatever was to leave yet. Where all of it is with the kernel and the end after it has been asked
 * for in this turn, that end is sent in place of a reset: libuv resets no socket while its shutdown is under way, and Node.js, which asks it to
 * all the same, would neither close the socket nor let its thread end.
 */
export function breakOff(socket: Socket): void {
  const { writableEnded, writableFinished, writableLength } = socket;
  const isEnding = writableEnded && !writableFinished && writableLength === 0;
  if (isEnding) socket.destroy();
  else socket.resetAndDestroy();
}
