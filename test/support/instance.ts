/** Owns instances of services in tests: HTTP servers that name themselves, count what they serve, fall ill, die and come back. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export class Instance {
  /** Names it within its service. */
  readonly id: string;
  /** Requests answered, health checks not counted. */
  served = 0;
  /** Whether its health check passes. */
  healthy = true;
  readonly #name: string;
  readonly #waiting: ServerResponse[] = [];
  #server: Server | undefined;
  #port = 0;
  #holds = false;

  /** `cluster/id` is what it answers with. */
  constructor(cluster: string, id: string) {
    this.id = id;
    this.#name = `${cluster}/${id}`;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Requests that wait for `release`. */
  get held(): number {
    return this.#waiting.length;
  }

  /** Listens; after the first time on the port it had. */
  async start(): Promise<void> {
    const server = createServer((request, response) => {
      if (request.url === '/healthz') response.writeHead(this.healthy ? 200 : 500).end();
      else if (this.#holds) this.#waiting.push(response);
      else this.#answer(response);
    });
    // Connections that tests leave idle are the gateway's to close.
    server.keepAliveTimeout = 60_000;
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
  }

  /** As SIGKILL does: every connection breaks and new ones are refused. */
  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  /** Keeps requests waiting for their answers. */
  hold(): void {
    this.#holds = true;
  }

  /** Ends `hold`; what waits is answered. */
  release(): void {
    this.#holds = false;
    for (const response of this.#waiting.splice(0)) this.#answer(response);
  }

  #answer(response: ServerResponse): void {
    this.served++;
    response.end(this.#name);
  }
}
