/** Owns an HTTP/1.1 server of Node's own in tests: an endpoint that does what a test says. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';

export interface Origin {
  /** `127.0.0.1:<port>` */
  readonly address: string;
  readonly server: Server;
}

/** Starts it; every connection of it ends with the test. */
export async function startOrigin(
  t: Pick<ExecutionContext, 'teardown'>,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Origin> {
  const server = createServer(answer);
  // Connections that tests leave idle are the gateway's to close, and slow bodies are the test's own.
  server.keepAliveTimeout = 60_000;
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}
