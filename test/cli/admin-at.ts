/** Owns a real HTTP server standing where a gateway's admin API is, in tests of commands. Apart from them, for most start no server, and its library takes long to load. */
import type { ExecutionContext } from 'ava';
import { type FastifyInstance, fastify } from 'fastify';

/** Starts a server with the routes that `install` adds; resolves to the environment that leads the command to it. */
export async function adminAt(
  t: Pick<ExecutionContext, 'teardown'>,
  install: (app: FastifyInstance) => void,
  socket?: string,
): Promise<{ ISTHMUS_ADMIN: string }> {
  const app = fastify();
  t.teardown(() => app.close());
  install(app);
  if (socket !== undefined) {
    await app.listen({ path: socket });
    return { ISTHMUS_ADMIN: `unix:${socket}` };
  }
  return { ISTHMUS_ADMIN: await app.listen({ host: '127.0.0.1', port: 0 }) };
}
