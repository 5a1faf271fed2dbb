/** Owns one request to an HTTP/1.1 endpoint while it is under way: what it is, who is told, and whether it was sent. */
import { messageOf } from '../../../core/errors.ts';
import type { Call, CallHandler } from '../message/call.ts';
import type { FailedTry, Fields, OutgoingRequest } from '../message/message.ts';
import { newKey } from '../message/web-socket.ts';
import type { Awaited } from '../wire/http1/response-head.ts';
import { isOfTls } from './endpoint-socket.ts';
import { tlsFailure } from './failed-call.ts';

/** The connection that carries it. */
export interface Carrier {
  /** The methods of `Call`. */
  readonly isReady: boolean;
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

  /** The call is over: no connection carries it any more. */
  release(): void {
    this.#carrier = undefined;
  }

  get isReady(): boolean {
    return this.#carrier?.isReady ?? false;
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
    if (sent === 'no' && isOfTls(error)) return tlsFailure(this.#address, messageOf(error));
    const what = `${this.#address}: ${messageOf(error)}${this.#doubt(sent)}`;
    return { sent, code: 'UPSTREAM_FAILED', what, cause: error };
  }

  /** The failure of a call that never left the kept connection that was to carry it. */
  staleFailure(error: Error): FailedTry {
    return { ...this.failure(error, 'no'), isStale: true };
  }

  /** The failure where the endpoint began to speak HTTP/2: it can't have read a request of HTTP/1.1. */
  otherVersion(): FailedTry {
    const what = `${this.#address} speaks HTTP/2, and is registered with protocol http, which is HTTP/1.1`;
    return { sent: 'no', code: 'ENDPOINT_SPEAKS_HTTP2', what };
  }

  /** The failure where no response came that can be passed on. */
  refusal(why: string): FailedTry {
    const what = `${this.#address} sent a response that is not passed on: ${why}`;
    return { sent: 'maybe', code: 'RESPONSE_REFUSED', what };
  }

  /** A server of HTTP/2 may also hang up on HTTP/1.1 without a word; servers of gRPC speak nothing else. */
  #doubt(sent: FailedTry['sent']): string {
    const isGrpc = /^content-type: *application\/grpc(?:[+;]|\r?$)/im.test(
      this.request.fields.lines(),
    );
    return sent === 'maybe' && isGrpc
      ? '; it was asked by HTTP/1.1 for gRPC, which needs HTTP/2: if it speaks that, register it with `--protocol grpc`'
      : '';
  }
}
