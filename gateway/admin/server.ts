/** Owns the admin API's server: a loopback or unix socket listener, its limits, and the routes put together. */
import { lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { formatAddress, isLoopback, parseAddress } from '../../core/address.ts';
import { IsthmusError, messageOf } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Control } from './control.ts';
import { installFederationRoutes } from './federation-routes.ts';
import { installProblems, refuseUrl, sendProblem } from './problems.ts';
import { installServiceRoutes } from './service-routes.ts';
import { installStateRoutes } from './state-routes.ts';

export interface AdminServer {
  /** Where it listens: `host:port` or `unix:/path`. */
  readonly address: string;
  close(): Promise<void>;
}

export interface AdminServerOptions {
  /** `host:port` on loopback, or `unix:/path`. */
  readonly listen: string;
  readonly control: Control;
  readonly log: Log;
}

const bodyLimit = 1024 * 1024;
/** Over the longest name there is, so that one too long is refused as a name. */
const maxParamLength = 1024;

/** Starts the admin API. Throws PORT_IN_USE when the address is taken. */
export async function startAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const { control, listen, log } = options;
  const app = fastify({
    bodyLimit,
    forceCloseConnections: true,
    frameworkErrors: refuseUrl,
    routerOptions: { maxParamLength },
  });
  installProblems(app, log);
  refuseForeignHosts(app);
  installStateRoutes(app, control);
  installServiceRoutes(app, control);
  installFederationRoutes(app, control);
  const address = await listenOn(app, listen);
  return { address, close: () => app.close() };
}

async function listenOn(app: FastifyInstance, listen: string): Promise<string> {
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

/**
 * The API trusts whoever reaches loopback, and a browser does for any page. A page of another site has another
 * `Origin`; one that points its own name at 127.0.0.1 (DNS rebinding) has another `Host`.
 */
function refuseForeignHosts(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    const { host, origin } = request.headers;
    const foreign =
      (host !== undefined && !isLocalName(host)) ||
      (origin !== undefined && !isLocalName(origin.replace(/^https?:\/\//, '')));
    if (foreign) {
      return sendProblem(
        reply,
        new IsthmusError('ORIGIN_REFUSED', {
          what: 'The request is addressed to, or comes from, another site',
        }),
      );
    }
  });
}

function isLocalName(authority: string): boolean {
  return isLoopback(authority.replace(/:\d+$/, '').replace(/^\[|\]$/g, ''));
}
