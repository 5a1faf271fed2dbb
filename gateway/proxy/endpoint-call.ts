/** Owns one request to an HTTP/1.1 endpoint while it is under way: what it is, who is told, and whether it was sent. */
import { messageOf } from '../../core/errors.ts';
import type { Awaited } from '../wire/http1/response-head.ts';
import type { Call, CallHandler } from './call.ts';
import type { FailedTry, Fields, OutgoingRequest } from './message.ts';
import { newKey } from './web-socket.ts';

/** The connection that carries it. */
export interface Carrier {
  write(bytes: Uint8Array): boolean;
  end(trailers: Fields | undefined): void;
  read(): void;
  destroy(): void;
}

export class EndpointCall implements Call, Awaited {
  readonly request: OutgoingRequest;
  readonly handler: CallHandler;
  readonly method: string;
  readonly upgrade: boolean;
  /** Made here where a WebSocket is asked for by somebody who needed none. */
  readonly webSocketKey: string | undefined;
  readonly #address: string;
  #carrier: Carrier | undefined;

  constructor(address: string, request: OutgoingRequest, handler: CallHandler) {
    const { method, tunnel } = request;
    this.#address = address;
    this.request = request;
    this.handler = handler;
    this.method = method;
    this.upgrade = tunnel !== undefined;
    if (tunnel?.kind === 'upgrade' && tunnel.protocol.toLowerCase() === 'websocket') {
      const hasKey = /^sec-websocket-key:/im.test(request.fields.lines());
      this.webSocketKey = hasKey ? undefined : newKey();
    }
  }

  /** From now on it rests with `carrier`. */
  entrust(carrier: Carrier): void {
    this.#carrier = carrier;
  }

  /** It is over: nobody carries it any more. */
  release(): void {
    this.#carrier = undefined;
  }

  write(bytes: Uint8Array): boolean {
    return this.#carrier?.write(bytes) ?? true;
  }

  end(trailers?: Fields): void {
    this.#carrier?.end(trailers);
  }

  read(): void {
    this.#carrier?.read();
  }

  cancel(): void {
    const carrier = this.#carrier;
    this.#carrier = undefined;
    carrier?.destroy();
  }

  failure(error: Error, sent: FailedTry['sent']): FailedTry {
    const what = `${this.#address}: ${messageOf(error)}`;
    return { sent, code: 'UPSTREAM_FAILED', what, cause: error };
  }
}
