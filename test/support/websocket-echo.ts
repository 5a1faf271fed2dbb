/** Owns a WebSocket server in tests, by the `ws` package: it sends back what it gets, and does what it is told. */
import { once } from 'node:events';
import type { ExecutionContext } from 'ava';
import { type WebSocket, WebSocketServer } from 'ws';
import { startOrigin } from './origin.ts';

export interface WebSocketEcho {
  /** `127.0.0.1:<port>` */
  readonly address: string;
  /** Paths asked for by connections that are open. */
  readonly open: readonly string[];
  /** How connections were closed: the code, and the reason if any. 1006 = they broke. */
  readonly closed: readonly { readonly code: number; readonly reason: string }[];
  /** Pings that came. */
  readonly pings: number;
}

/**
 * Starts it; it ends with the test. The texts `close <code> <reason>`, `break` and `ping` are told to it; any other
 * message comes back. It agrees to the subprotocol `chat`. What is no WebSocket is answered with 426.
 */
export async function startWebSocketEcho(
  t: Pick<ExecutionContext, 'teardown'>,
): Promise<WebSocketEcho> {
  const origin = await startOrigin(t, (_, response) => response.writeHead(426).end());
  const webSockets = new WebSocketServer({
    server: origin.server,
    maxPayload: 64 << 20,
    handleProtocols: (offered) => (offered.has('chat') ? 'chat' : false),
  });
  t.teardown(() => {
    for (const client of webSockets.clients) client.terminate();
  });
  const paths = new Map<WebSocket, string>();
  const closed: { code: number; reason: string }[] = [];
  let pings = 0;
  webSockets.on('connection', (socket, request) => {
    paths.set(socket, request.url ?? '');
    // Told by `close` as well.
    socket.on('error', () => {});
    socket.on('ping', () => pings++);
    socket.on('message', (message: Buffer, isBinary) => {
      const [verb, code, reason] = isBinary ? [] : message.toString().split(' ');
      if (verb === 'close') socket.close(Number(code), reason);
      else if (verb === 'break') socket.terminate();
      else if (verb === 'ping') socket.ping('there?');
      else socket.send(message, { binary: isBinary });
    });
    socket.on('close', (code, reason) => {
      paths.delete(socket);
      closed.push({ code, reason: reason.toString() });
    });
  });
  return {
    address: origin.address,
    get open() {
      return [...paths.values()];
    },
    closed,
    get pings() {
      return pings;
    },
  };
}

/** Resolves with what comes with the next `event` of a client; rejects when the connection ends without it. */
export async function next(socket: WebSocket, event: string): Promise<readonly unknown[]> {
  const over = new AbortController();
  const end = (code: number) => over.abort(new Error(`closed with ${code} before any ${event}`));
  socket.once('close', end);
  try {
    return await once(socket, event, { signal: over.signal });
  } catch (thrown) {
    throw over.signal.aborted ? over.signal.reason : thrown;
  } finally {
    socket.off('close', end);
  }
}

/** The next message of a client, and whether it was binary. */
export async function nextMessage(
  socket: WebSocket,
): Promise<[message: Buffer, isBinary: boolean]> {
  return (await next(socket, 'message')) as [Buffer, boolean];
}
