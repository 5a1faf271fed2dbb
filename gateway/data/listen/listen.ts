/** Owns binding a server to an address, with the reasons it can't be bound. */
import { once } from 'node:events';
import type { Server } from 'node:net';
import { formatAddress, type HostPort } from '../../../core/address.ts';
import { IsthmusError, messageOf } from '../../../core/errors.ts';
import type { DrainResult } from '../client/drain.ts';
import { fdOf } from '../socket/socket-fd.ts';

/** Where to listen: at an address, which with `shared` others may listen at too, or on a socket that listens already. */
export type ListenPlace = (HostPort & { readonly shared?: boolean }) | { readonly fd: number };

/** A listener that takes requests until it is drained or closed. */
export interface Listener {
  /** `host:port` it is bound to; the real port when 0 was asked for. */
  readonly address: string;
  /** Descriptor of the listening socket, so that another process can go on with it; undefined where Node keeps it to itself. */
  readonly fd: number | undefined;
  /** Takes no new connections; open ones go on. */
  stop(): void;
  /**
   * Takes nobody new but those who have connected already, lets what is in flight finish for at most `limitMs`, then closes.
   * Connections that rest are closed after a moment; or, where somebody else listens here from now on, after `graceMs` (default
   * 0): their clients may be about to use them, and the next answer on each asks for a new connection.
   */
  drain(limitMs: number, graceMs?: number): Promise<DrainResult>;
  /** Cuts everything off at once. */
  close(): Promise<void>;
}

/** The address and descriptor that a server is bound to. */
export type BoundTo = Pick<Listener, 'address' | 'fd'>;

/** Binds `server`. Throws PORT_IN_USE, or INTERNAL with the system's reason. */
export async function bind(server: Server, place: ListenPlace): Promise<BoundTo> {
  if ('fd' in place) server.listen({ fd: place.fd });
  else server.listen({ host: place.host, port: place.port, reusePort: place.shared ?? false });
  try {
    await once(server, 'listening');
  } catch (cause) {
    const where =
      'fd' in place ? `inherited socket ${place.fd}` : formatAddress(place.host, place.port);
    if (cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE') {
      throw new IsthmusError('PORT_IN_USE', { what: `${where} is taken`, where, cause });
    }
    if (cause instanceof Error && 'code' in cause && cause.code === 'EACCES') {
      throw new IsthmusError('PORT_FORBIDDEN', {
        what: `This user may not listen on ${where}`,
        where,
        cause,
      });
    }
    throw new IsthmusError('INTERNAL', {
      what: `Can't listen on ${where}: ${messageOf(cause)}`,
      where,
      fix: 'Use an address this machine has and may bind.',
      cause,
    });
  }
  const bound = server.address();
  if (bound === null || typeof bound === 'string') {
    throw new IsthmusError('INTERNAL', { what: `${bound} is no address to listen at` });
  }
  return { address: formatAddress(bound.address, bound.port), fd: fdOf(server) };
}
