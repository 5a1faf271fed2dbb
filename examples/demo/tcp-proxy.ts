/** Owns a bad network: a TCP proxy that delays, throttles, loses, holds (a black hole) and cuts. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TcpProxyOptions {
  /** Where to connect to: `host:port`. */
  readonly target: string;
  /** One-way delay in milliseconds, in each direction; default 0. */
  readonly delayMs?: number;
  /** Bytes per second and direction of each connection; default unlimited. */
  readonly bytesPerSecond?: number;
  /** Address to listen on; default 127.0.0.1. */
  readonly host?: string;
  /** Port to listen on; default any free one. */
  readonly port?: number;
}

export interface TcpProxy {
  readonly port: number;
  /** `127.0.0.1:<port>`. */
  readonly address: string;
  /** Connections open now. */
  readonly connections: number;
  /** Connections taken so far. */
  readonly accepted: number;
  /** Resets every connection and refuses new ones. */
  cut(): void;
  /** Black hole: accepts connections and bytes, and passes nothing on in either direction. */
  hold(): void;
  /** Ends `cut` and `hold`; what was held is delivered. */
  restore(): void;
  /** Where new connections go from now on: a program that restarts may listen on another port. */
  setTarget(target: string): void;
  setDelay(ms: number): void;
  setThrottle(bytesPerSecond: number | undefined): void;
  /**
   * Share of the pieces, 0 to 1, that the line loses: TCP sends such a one again a round trip and a quarter later, as often as it is lost
   * (RFC 8985, section 6.2, on a line on which more follows). What comes after it waits for it.
   */
  setLoss(share: number): void;
  close(): Promise<void>;
}

export async function startTcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  const { host = '127.0.0.1' } = options;
  let target = parseTarget(options.target);
  const link: Link = {
    mode: 'open',
    delayMs: options.delayMs ?? 0,
    bytesPerSecond: options.bytesPerSecond,
    loss: 0,
    pumps: new Set(),
  };
  const sockets = new Set<Socket>();
  const resetting = new WeakSet<Socket>();

  /** Node leaks the handle of a socket that is reset while it is shutting down: such a one is only closed. */
  function reset(socket: Socket): void {
    if (resetting.has(socket)) return;
    resetting.add(socket);
    if (socket.writableEnded) socket.destroy();
    else socket.resetAndDestroy();
  }

  let accepted = 0;
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    accepted += 1;
    if (link.mode === 'cut') {
      reset(client);
      return;
    }
    const upstream = connect({ ...target, allowHalfOpen: true, noDelay: true });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      // A broken side breaks the other: that is all a proxy can tell it.
      socket.on('error', () => reset(other));
      socket.on('close', () => {
        sockets.delete(socket);
        if (!other.writableEnded) other.destroy();
      });
      pump(socket, other, link);
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;

  const flush = (): void => {
    for (const wake of link.pumps) wake();
  };
  const resetAll = (): void => {
    for (const socket of sockets) reset(socket);
  };

  return {
    port,
    address: `${host}:${port}`,
    get connections() {
      return sockets.size / 2;
    },
    get accepted() {
      return accepted;
    },
    cut() {
      link.mode = 'cut';
      resetAll();
    },
    hold() {
      link.mode = 'held';
    },
    restore() {
      link.mode = 'open';
      flush();
    },
    setTarget(address) {
      target = parseTarget(address);
    },
    setDelay(ms) {
      link.delayMs = ms;
    },
    setThrottle(bytesPerSecond) {
      link.bytesPerSecond = bytesPerSecond;
    },
    setLoss(share) {
      link.loss = share;
    },
    close() {
      resetAll();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function parseTarget(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':');
  return {
    host: address.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(address.slice(colon + 1)),
  };
}

interface Link {
  mode: 'open' | 'held' | 'cut';
  delayMs: number;
  bytesPerSecond: number | undefined;
  loss: number;
  /** One function per direction that looks again whether something may be delivered. */
  readonly pumps: Set<() => void>;
}

/** Passes bytes from `source` to `sink`, each chunk due no earlier than the one before it. */
function pump(source: Socket, sink: Socket, link: Link): void {
  const queue: { readonly chunk: Buffer | undefined; readonly due: number }[] = [];
  let queued = 0;
  let lineFreeAt = 0;
  /** When the last piece so far is there. */
  let dueAt = 0;
  let timer: NodeJS.Timeout | undefined;

  const deliver = (): void => {
    clearTimeout(timer);
    while (link.mode === 'open' && !sink.destroyed) {
      const next = queue[0];
      if (next === undefined) break;
      const wait = next.due - performance.now();
      if (wait > 0) {
        timer = setTimeout(deliver, wait);
        break;
      }
      queue.shift();
      if (next.chunk === undefined) sink.end();
      else {
        queued -= next.chunk.length;
        sink.write(next.chunk);
      }
    }
    if (queued < 1_000_000 && link.mode !== 'held') source.resume();
  };
  const add = (chunk: Buffer | undefined): void => {
    const now = performance.now();
    const bytes = chunk?.length ?? 0;
    const sending = link.bytesPerSecond === undefined ? 0 : (bytes / link.bytesPerSecond) * 1000;
    lineFreeAt = Math.max(now, lineFreeAt) + sending;
    // Those that are lost side by side are also sent again side by side.
    dueAt = Math.max(dueAt, lineFreeAt + link.delayMs + resentAfter(link));
    queue.push({ chunk, due: dueAt });
    queued += bytes;
    // A bounded buffer, so that back-pressure reaches the sender as on a real line.
    if (queued >= 1_000_000) source.pause();
    deliver();
  };

  link.pumps.add(deliver);
  source.on('data', add);
  source.on('end', () => add(undefined));
  source.on('close', () => {
    link.pumps.delete(deliver);
    clearTimeout(timer);
  });
}

/** How long it takes until a piece is sent for good; 0 = at once. */
function resentAfter({ loss, delayMs }: Link): number {
  let waited = 0;
  while (Math.random() < loss) waited += 1.25 * 2 * delayMs;
  return waited;
}
