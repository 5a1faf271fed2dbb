/** Owns the outbound listener: this cluster's clients, over HTTP/1.1, by Host or as an HTTP proxy. */
import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { HostPort } from '../../core/address.ts';
import type { Clock } from '../../core/clock.ts';
import { IsthmusError, type Problem } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { InFlight } from './drain.ts';
import { Http1Exchange, readHead } from './http1-exchange.ts';
import { bind, type Listener } from './listen.ts';
import type { Peer } from './peer.ts';
import type { GatewayProxy } from './proxy.ts';

export interface OutboundListenerOptions {
  readonly address: HostPort;
  readonly proxy: GatewayProxy;
  readonly clock: Clock;
  readonly log: Log;
}

/** Throws PORT_IN_USE when the address is taken. */
export async function startOutboundListener(options: OutboundListenerOptions): Promise<Listener> {
  const { proxy, clock, log } = options;
  const { maxHeadBytes, headMs, keepAliveMs } = proxy.limits;
  const inFlight = new InFlight();
  let draining = false;
  const server = createServer({
    maxHeaderSize: maxHeadBytes,
    headersTimeout: headMs,
    // A whole request may take as long as it moves: the route's idle limit governs.
    requestTimeout: 0,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: Math.max(100, Math.min(headMs / 4, 5_000)),
    noDelay: true,
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const peer: Peer = { kind: 'client', address: addressOf(request.socket) };
    const parsed = readHead(request);
    if (parsed.kind === 'invalid') {
      proxy.recorder.refused(undefined, 'REQUEST_REFUSED');
      rejectRaw(request.socket, problem('REQUEST_REFUSED', parsed.what));
      return;
    }
    const exchange = new Http1Exchange(peer, parsed.head, request, response, () => draining);
    void inFlight.track(proxy.handle(exchange));
  });
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    proxy.recorder.refused(undefined, 'REQUEST_REFUSED');
    socket.on('error', (error) => log.debug({ err: error }, 'client connection failed'));
    rejectRaw(socket, {
      ...problem('REQUEST_REFUSED', 'CONNECT is not offered here'),
      status: 501,
      fix: 'Ask for http:// URLs: the gateway encrypts between clusters itself.',
    });
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    proxy.recorder.refused(undefined, 'REQUEST_REFUSED');
    log.debug({ err: error }, 'request unreadable');
    rejectRaw(socket, {
      ...problem('REQUEST_REFUSED', whyUnreadable(error)),
      status: statusOfParseError(error),
    });
  });
  const address = await bind(server, options.address);
  return {
    address,
    async drain(limitMs) {
      draining = true;
      server.close();
      server.closeIdleConnections();
      const result = await inFlight.drained(clock, limitMs);
      server.closeAllConnections();
      return result;
    },
    async close() {
      draining = true;
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The client's IP address, IPv4 written as such even when it came in over an IPv6 socket. */
export function addressOf(socket: Pick<Socket, 'remoteAddress'>): string {
  return (socket.remoteAddress ?? 'unknown').replace(/^::ffff:(?=\d)/, '');
}

function problem(code: 'REQUEST_REFUSED', what: string): Problem {
  return new IsthmusError(code, { what }).toProblem();
}

function whyUnreadable(error: NodeJS.ErrnoException): string {
  if (error.code === 'HPE_HEADER_OVERFLOW') return 'The request head is too large';
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'The request head took too long';
  return `The request is not valid HTTP/1.1 (${error.code ?? error.message})`;
}

function statusOfParseError(error: NodeJS.ErrnoException): number {
  if (error.code === 'HPE_HEADER_OVERFLOW') return 431;
  return error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
}

/** Answers where there is no request to answer to, and closes. */
function rejectRaw(socket: Duplex, said: Problem): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = `${JSON.stringify(said)}\n`;
  socket.end(
    `HTTP/1.1 ${said.status} ${STATUS_CODES[said.status]}\r\n` +
      'content-type: application/problem+json\r\n' +
      `content-length: ${Buffer.byteLength(body)}\r\n` +
      `connection: close\r\n\r\n${body}`,
  );
}
