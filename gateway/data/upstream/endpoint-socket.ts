/** Owns dialing an endpoint: within a time limit, and with one buffer that all of them are read into. */
import { connect, type LookupFunction, type Socket } from 'node:net';
import type { Clock } from '../../../core/clock.ts';
import { readBuffer } from '../socket/read-buffer.ts';

export interface Dialed {
  readonly host: string;
  readonly port: number;
  readonly lookup: LookupFunction;
  readonly clock: Clock;
}

/**
 * Connects, at most for `connectMs` (0 = as long as it takes); later it is destroyed with an error. `read` is told how
 * many octets are in the buffer, and says whether there may be more.
 */
export function dialEndpoint(
  { host, port, lookup, clock }: Dialed,
  connectMs: number,
  read: (octets: number) => boolean,
): Socket {
  const socket = connect({
    host,
    port,
    lookup,
    noDelay: true,
    allowHalfOpen: true,
    onread: { buffer: readBuffer, callback: read },
  });
  if (connectMs > 0) {
    const late = () => socket.destroy(new Error(`no connection within ${connectMs} ms`));
    const cancel = clock.after(connectMs, late);
    socket.once('connect', cancel).once('close', cancel);
  }
  return socket;
}
