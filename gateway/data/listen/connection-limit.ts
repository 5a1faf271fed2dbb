/** Owns refusing connections beyond the limit: closed as they come, counted, and logged once in a while. */
import type { Server } from 'node:net';
import type { ClientGround } from '../client/client-ground.ts';

/** Has `server` hold `limits.maxConnections` at most. `whose`: who connects to it, for the log. */
export function limitConnections(
  server: Server,
  { limits, recorder, sparseLog }: Pick<ClientGround, 'limits' | 'recorder' | 'sparseLog'>,
  whose: 'clients' | 'gateways',
): void {
  // Node looks at it for each connection that comes, and what it is may change.
  Object.defineProperty(server, 'maxConnections', { get: () => limits.maxConnections });
  server.on('drop', (dropped) => {
    recorder.refusedConnection('connection-limit');
    const address = `${dropped?.localAddress}:${dropped?.localPort}`;
    const { maxConnections } = limits;
    sparseLog.warn({ address, maxConnections }, `too many connections of ${whose}`);
  });
}
