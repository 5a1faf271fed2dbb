/** Owns one link from another gateway, on the side that serves: each of its requests becomes an exchange. */
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { LinkSocket } from '../link/link-socket.ts';
import type {
  ConnectionEnd,
  Http2Stream,
  RequestHead,
  ServerHandler,
  StreamHandler,
} from '../wire/http2/api.ts';
import { type ConnectionOptions, linkOptions, strangerOptions } from '../wire/http2/options.ts';
import { errorCode } from '../wire/http2/protocol.ts';
import { Http2Server } from '../wire/http2/server.ts';
import { Http2Exchange } from './http2-exchange.ts';
import type { Peer } from './peer.ts';
import type { GatewayProxy } from './proxy.ts';

/** Gateways have a long fat path to fill; nobody has anything here to send by CONNECT. */
const gatewayOptions: ConnectionOptions = { ...linkOptions, connectProtocol: false };

export interface EastWestLinkOptions {
  readonly socket: TLSSocket;
  readonly peer: Peer;
  readonly proxy: GatewayProxy;
  readonly clock: Clock;
  readonly log: Log;
}

export class EastWestLink implements ServerHandler {
  readonly #options: EastWestLinkOptions;
  readonly #socket: LinkSocket;
  readonly #server: Http2Server;

  constructor(options: EastWestLinkOptions) {
    this.#options = options;
    const { socket, peer, clock } = options;
    this.#socket = new LinkSocket(socket, clock);
    const allowed = peer.kind === 'gateway' ? gatewayOptions : strangerOptions;
    this.#server = new Http2Server(this, this.#socket.context(allowed));
    this.#socket.carry(this.#server);
  }

  /** Requests under way. */
  get requests(): number {
    return this.#server.openStreams;
  }

  /** Takes no new requests; ends with those under way. */
  drain(): void {
    this.#server.drain();
  }

  /** Ends it at once. */
  destroy(): void {
    this.#server.lost('the listener was closed');
    this.#options.socket.destroy();
  }

  onRequest(stream: Http2Stream, head: RequestHead, ends: boolean): StreamHandler {
    const { peer, proxy, clock } = this.#options;
    const { method, authority, path, fields } = head;
    const asked = { method, protocol: '2', authority, path, fields } as const;
    const exchange = new Http2Exchange(peer, asked, stream, ends, clock);
    if (path.startsWith('/')) {
      void proxy.handle(exchange);
    } else {
      proxy.recorder.refused(undefined, 'REQUEST_REFUSED');
      stream.reset(errorCode.protocolError);
    }
    return exchange;
  }

  onOutput(): void {
    this.#socket.onOutput();
  }

  onGoaway(code: number, debug: string): void {
    if (code === errorCode.noError) return;
    const { log, peer } = this.#options;
    log.debug({ code, debug, peer }, 'link given up by the other side');
  }

  onEnd(end: ConnectionEnd): void {
    const { log, peer } = this.#options;
    if (end.kind === 'failed') log.warn({ ...end, peer }, 'link failed');
    this.#socket.onEnd(end);
  }
}
