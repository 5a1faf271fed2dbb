/** Owns requests to endpoints of this cluster: HTTP/1.1 over kept connections. */
import { Readable } from 'node:stream';
import { type Dispatcher, Pool } from 'undici';
import { formatAddress } from '../../core/address.ts';
import { messageOf } from '../../core/errors.ts';
import type { EndpointTransport } from './forward.ts';
import type { Fields, Outcome, TryOptions } from './message.ts';
import type { NameResolver } from './resolve.ts';

/** How long a connection may rest before it is closed; under the 5 s after which many servers close theirs. */
const restMs = 4_000;

/** Pools without a request for this long are dropped, so that endpoints that left leave nothing behind. */
const unusedMs = 60_000;

export function createEndpointTransport(resolver: NameResolver): EndpointTransport {
  const pools = new Map<string, { readonly pool: Pool; usedAt: number }>();
  const sweep = setInterval(() => {
    for (const [key, entry] of pools) {
      const { running, pending, queued } = entry.pool.stats;
      if (running + pending + queued > 0) entry.usedAt = performance.now();
      if (performance.now() - entry.usedAt < unusedMs) continue;
      pools.delete(key);
      void entry.pool.destroy();
    }
  }, unusedMs).unref();

  function poolOf(origin: string, connectMs: number): Pool {
    const key = `${origin} ${connectMs}`;
    let entry = pools.get(key);
    if (entry === undefined) {
      const pool = new Pool(origin, {
        connect: { lookup: resolver.lookup, timeout: connectMs },
        connections: null,
        pipelining: 1,
        keepAliveTimeout: restMs,
        keepAliveMaxTimeout: restMs,
        // The request's own deadline and idle limit govern.
        headersTimeout: 0,
        bodyTimeout: 0,
        allowH2: false,
      });
      entry = { pool, usedAt: 0 };
      pools.set(key, entry);
    }
    entry.usedAt = performance.now();
    return entry.pool;
  }

  return {
    send(endpoint, head, body, options) {
      const address = formatAddress(endpoint.address, endpoint.port);
      return new Promise((resolve) => {
        const handler = new EndpointTry(address, body, options, resolve);
        try {
          poolOf(`http://${address}`, options.connectMs).dispatch(
            {
              method: head.method,
              path: head.path,
              headers: ['host', head.authority, ...head.fields],
              body: body ?? null,
            },
            handler,
          );
        } catch (thrown) {
          handler.onResponseError(undefined, thrown);
        }
      });
    },
    async close() {
      clearInterval(sweep);
      const closing = Array.from(pools.values(), ({ pool }) => pool.destroy());
      pools.clear();
      await Promise.all(closing);
    },
  };
}

/** One request under way. Until `onRequestStart` nothing has been written: any failure before it is unsent. */
class EndpointTry implements Dispatcher.DispatchHandler {
  readonly #address: string;
  readonly #requestBody: Readable | undefined;
  readonly #signal: AbortSignal;
  readonly #settle: (outcome: Outcome) => void;
  readonly #onAbort = () => this.#abort(new Error('stopped waiting'));
  #controller: Dispatcher.DispatchController | undefined;
  #settled = false;
  #body: Readable | undefined;
  #trailers: Fields = [];

  constructor(
    address: string,
    requestBody: Readable | undefined,
    { signal }: TryOptions,
    settle: (outcome: Outcome) => void,
  ) {
    this.#address = address;
    this.#requestBody = requestBody;
    this.#signal = signal;
    this.#settle = settle;
    signal.addEventListener('abort', this.#onAbort, { once: true });
    if (signal.aborted) this.#onAbort();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#settled) {
      controller.abort(new Error('stopped waiting before a connection was there'));
      return;
    }
    this.#controller = controller;
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (status < 200) return;
    this.#body = new Readable({
      read: () => controller.resume(),
      destroy: (error, done) => {
        if (!this.#body?.readableEnded) controller.abort(error ?? new Error('response unwanted'));
        done(error);
      },
    });
    // A break is heard by whoever pumps the body; until somebody does it only marks the body.
    this.#body.on('error', () => undefined);
    this.#conclude({
      kind: 'response',
      status,
      fields: toFields(controller.rawHeaders),
      body: this.#body,
      trailers: () => this.#trailers,
    });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#body?.push(chunk) === false) controller.pause();
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.#trailers = toFields(controller.rawTrailers);
    this.#body?.push(null);
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: unknown): void {
    if (this.#settled) this.#body?.destroy(error instanceof Error ? error : new Error('broken'));
    else this.#conclude(this.#failure(error));
  }

  #abort(reason: Error): void {
    if (this.#settled) return;
    this.#conclude(this.#failure(reason));
    this.#controller?.abort(reason);
  }

  #failure(error: unknown): Outcome {
    const timedOut = this.#signal.aborted;
    return {
      kind: 'failed',
      sent: this.#controller === undefined ? 'no' : 'maybe',
      code: timedOut ? 'UPSTREAM_TIMED_OUT' : 'UPSTREAM_FAILED',
      what: timedOut
        ? `${this.#address} has not answered in time`
        : `${this.#address}: ${messageOf(error)}`,
      cause: error,
    };
  }

  #conclude(outcome: Outcome): void {
    this.#settled = true;
    this.#signal.removeEventListener('abort', this.#onAbort);
    if (outcome.kind === 'failed') this.#requestBody?.destroy();
    this.#settle(outcome);
  }
}

function toFields(raw: Dispatcher.DispatchController['rawHeaders']): Fields {
  if (!Array.isArray(raw)) return [];
  return raw.map((part, index) => {
    const text = typeof part === 'string' ? part : part.toString('latin1');
    return index % 2 === 0 ? text.toLowerCase() : text;
  });
}
