/** Owns a stream of server-sent events in tests, whose events the test sends one by one. */
import type { IncomingMessage, ServerResponse } from 'node:http';

export class EventStream {
  readonly #response: ServerResponse;
  #sent = 0;

  /** Begins the stream: its head leaves at once. */
  constructor(_: IncomingMessage, response: ServerResponse) {
    this.#response = response;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.flushHeaders();
  }

  /** Sends the next event: 1, 2, 3 ... */
  send(): void {
    this.#response.write(`id: ${++this.#sent}\ndata: ${this.#sent}\n\n`);
  }

  get isGone(): boolean {
    return this.#response.closed;
  }
}
