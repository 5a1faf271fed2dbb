/** Owns serving the UI that Vite built: its files, its deep links, and what a browser may do in it. */
import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import files from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { IsthmusError } from '../../../core/errors.ts';
import { sendProblem } from './problems.ts';

/** The folder that `npm run build` puts the UI into. */
export const builtUi = fileURLToPath(new URL('../../../dist/ui', import.meta.url));

/** Everything from this origin only, nothing inline, and no page around it. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** For every answer, data too: a browser may be pointed at any of them. A page with a policy of its own keeps it. */
export function installBrowserRules(app: FastifyInstance): void {
  app.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('content-security-policy')) {
      reply.header('content-security-policy', policy);
    }
    reply
      .header('x-content-type-options', 'nosniff')
      .header('referrer-policy', 'no-referrer')
      .header('cross-origin-opener-policy', 'same-origin')
      .header('cross-origin-resource-policy', 'same-origin');
  });
}

/** A name with the content's hash in it never means anything else. */
const hashed = /\/assets\/[^/]+-[\w-]{8,}\.\w+(\.br|\.gz)?$/;

/** Serves the UI from `dir`, where it is built. A path that is neither an operation nor a file is a page of the UI. */
export async function installUi(app: FastifyInstance, dir: string): Promise<void> {
  const built = await isBuilt(dir);
  await app.register(files, {
    root: dir,
    // The route below is ours, so that it has a role like every other.
    serve: false,
    // The build leaves each file compressed beside it.
    preCompressed: true,
    cacheControl: false,
    setHeaders: (reply, path) => {
      reply.header('cache-control', hashed.test(path) ? forever : 'no-cache');
    },
  });
  app.get<{ Params: { '*': string } }>('/*', { config: { role: 'anyone' } }, (request, reply) => {
    const path = request.params['*'];
    if (!built) return path === '' ? sendProblem(reply, notBuilt()) : reply.callNotFound();
    if (isFile.test(path)) return reply.sendFile(path);
    if (isPage(path, request.headers.accept)) return reply.sendFile('index.html');
    return reply.callNotFound();
  });
}

const forever = 'public, max-age=31536000, immutable';
/** Below `assets`, or at the root; a service's name in a page's path has a dot too. */
const isFile = /^assets\/|^[^/]+\.\w+$/;

/** Below these there is data only. */
const isData = /^(v1|clusters)\//;

function isPage(path: string, accept: string | undefined): boolean {
  return !isData.test(path) && (path === '' || accept?.includes('text/html') === true);
}

function notBuilt(): IsthmusError {
  return new IsthmusError('ROUTE_NOT_FOUND', {
    what: 'The UI is not built; the API is below /v1',
    fix: 'Build it: `npm run build`.',
  });
}

async function isBuilt(dir: string): Promise<boolean> {
  return access(`${dir}/index.html`).then(
    () => true,
    () => false,
  );
}
