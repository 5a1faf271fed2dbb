/** Owns taking who has connected, and was not accepted yet, before a listening socket is closed: the kernel would reset them. */
import type { Server } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';

/** Beyond it others come as fast as they are taken: closing is not put off for ever. */
const mostTurns = 1_000;

/** Resolves, in the turn that found the queue empty, once every connection that had been made is accepted. */
export async function queueTaken(server: Server): Promise<void> {
  let accepted = 0;
  const count = (): void => {
    accepted++;
  };
  server.on('connection', count);
  // What is pending in this turn was put there before its look at the sockets.
  await turn();
  for (let turns = 0, before = -1; accepted > before && turns < mostTurns; turns++) {
    before = accepted;
    await turn();
  }
  server.off('connection', count);
}
