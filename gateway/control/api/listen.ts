/** Owns where the admin API listens: a TCP address, or a unix socket, whose stale file of an earlier run is removed. */
import { lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { formatAddress, parseAddress } from '../../../core/address.ts';
import { IsthmusError, messageOf } from '../../../core/errors.ts';

/** Listens, and says where: the real port where 0 was asked for. Throws PORT_IN_USE or CONFIG_INVALID. */
export async function listenOn(app: FastifyInstance, listen: string): Promise<string> {
  try {
    if (listen.startsWith('unix:')) {
      const path = listen.slice('unix:'.length);
      await removeStaleSocket(path);
      await app.listen({ path });
      return listen;
    }
    const { host, port } = parseAddress(listen);
    await app.listen({ host, port });
    return formatAddress(host, boundPort(app) ?? port);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EADDRINUSE') {
      throw new IsthmusError('PORT_IN_USE', {
        what: 'The admin address is taken',
        where: `listen.admin ${listen}`,
        cause,
      });
    }
    throw new IsthmusError('CONFIG_INVALID', {
      what: `The admin address can't be listened on: ${messageOf(cause)}`,
      where: `listen.admin ${listen}`,
      cause,
    });
  }
}

function boundPort(app: FastifyInstance): number | undefined {
  const bound = app.server.address();
  return bound !== null && typeof bound === 'object' ? bound.port : undefined;
}

/** A socket file that nobody answers on was left by a gateway that was killed. */
function removeStaleSocket(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = connect(path);
    probe.on('connect', () => {
      probe.destroy();
      resolve(); // Somebody listens: `listen` will say so.
    });
    probe.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNREFUSED') resolve();
      else unlinkSocket(path).then(resolve, reject);
    });
  });
}

/** A file of another kind refuses connections too, and is somebody's. */
async function unlinkSocket(path: string): Promise<void> {
  if ((await lstat(path)).isSocket()) await unlink(path);
}
