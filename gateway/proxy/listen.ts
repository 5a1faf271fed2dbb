/** Owns binding a server to an address, with the reasons it can't be bound. */
import { once } from 'node:events';
import type { Server } from 'node:net';
import { formatAddress, type HostPort } from '../../core/address.ts';
import { IsthmusError, messageOf } from '../../core/errors.ts';
import type { DrainResult } from './drain.ts';

/** A listener that takes requests until it is drained or closed. */
export interface Listener {
  /** `host:port` it is bound to; the real port when 0 was asked for. */
  readonly address: string;
  /** Takes nothing new, lets what is in flight finish for at most `limitMs`, then closes. */
  drain(limitMs: number): Promise<DrainResult>;
  /** Cuts everything off at once. */
  close(): Promise<void>;
}

/** Binds `server`. Throws PORT_IN_USE, or INTERNAL with the system's reason. */
export async function bind(server: Server, { host, port }: HostPort): Promise<string> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const where = formatAddress(host, port);
    if (cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE') {
      throw new IsthmusError('PORT_IN_USE', { what: `${where} is taken`, where, cause });
    }
    throw new IsthmusError('INTERNAL', {
      what: `Can't listen on ${where}: ${messageOf(cause)}`,
      where,
      fix: 'Use an address this machine has and may bind.',
      cause,
    });
  }
  const bound = server.address();
  return bound !== null && typeof bound === 'object'
    ? formatAddress(bound.address, bound.port)
    : formatAddress(host, port);
}
