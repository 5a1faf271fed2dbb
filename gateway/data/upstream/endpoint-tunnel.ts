/** Owns raw octets to an endpoint and back: a connection of its own, whose two directions end one by one. */
import type { LookupFunction, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ServerTls } from '../../../certs/server-trust.ts';
import { formatAddress } from '../../../core/address.ts';
import type { Clock } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import type { Call, CallHandler, CallOptions } from '../message/call.ts';
import type { Fields, ResponseHead } from '../message/message.ts';
import { breakOff } from '../socket/break-off.ts';
import { readBuffer } from '../socket/read-buffer.ts';
import { SocketWriter } from '../socket/socket-writer.ts';
import { noFields } from '../wire/http1/field-section.ts';
import { dialEndpoint, isOfTls, onceOpen } from './endpoint-socket.ts';
import { tlsFailure } from './failed-call.ts';

/** The answer to CONNECT: there is a connection. */
const granted: ResponseHead = {
  status: 200,
  fields: noFields,
  bodyLength: 'unknown',
  connectionTokens: [],
};

const none: Fields = [];

interface TunnelGround {
  readonly lookup: LookupFunction;
  readonly clock: Clock;
  /** Absent: octets go as they are. */
  readonly tls?: ServerTls | undefined;
}

export class EndpointTunnel implements Call {
  readonly #address: string;
  readonly #socket: Socket;
  readonly #writer: SocketWriter;
  /** Until it is over. */
  #handler: CallHandler | undefined;
  #isConnected = false;
  #isHeldBack = false;
  #owesRoom = false;
  #hasEnded = false;

  constructor(
    { address: host, port }: { readonly address: string; readonly port: number },
    handler: CallHandler,
    { connectMs }: CallOptions,
    { lookup, clock, tls }: TunnelGround,
  ) {
    this.#address = formatAddress(host, port);
    this.#handler = handler;
    const place = { host, port, lookup, clock, tls };
    const onread = { buffer: readBuffer, callback: (octets: number) => this.#read(octets) };
    const socket = dialEndpoint(place, connectMs, { alpn: undefined, allowHalfOpen: true, onread });
    this.#socket = socket;
    this.#writer = new SocketWriter(socket);
    onceOpen(socket, () => {
      this.#isConnected = true;
      if (this.#hasEnded) this.end();
      this.#handler?.onResponse(granted);
    });
    socket.on('drain', () => this.#drained());
    socket.on('end', () => this.#handler?.onEnd(none));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#closed());
  }

  get isReady(): boolean {
    return this.#isConnected;
  }

  write(bytes: Uint8Array): boolean {
    this.#writer.bytes(bytes);
    this.#owesRoom = !this.#writer.hasRoom;
    return !this.#owesRoom;
  }

  /** What is to leave leaves with the end, for which there has to be somebody. */
  end(): void {
    this.#hasEnded = true;
    if (!this.#isConnected) return;
    this.#writer.flush();
    this.#socket.end();
  }

  read(): void {
    if (!this.#isHeldBack) return;
    this.#isHeldBack = false;
    this.#socket.resume();
  }

  /** A reset where anything was under way, so that the endpoint takes nothing for a clean end; over TLS an end without the alert that closes it. */
  cancel(): void {
    this.#handler = undefined;
    if (this.#isConnected && !(this.#socket instanceof TLSSocket)) breakOff(this.#socket);
    else this.#socket.destroy();
  }

  #read(bytes: number): boolean {
    if (this.#handler?.onBody(readBuffer.subarray(0, bytes)) === false) this.#isHeldBack = true;
    return !this.#isHeldBack;
  }

  #drained(): void {
    if (!this.#owesRoom) return;
    this.#owesRoom = false;
    this.#handler?.onWritable();
  }

  #fail(cause: Error): void {
    const handler = this.#handler;
    this.#handler = undefined;
    this.#socket.destroy();
    if (!this.#isConnected && isOfTls(cause)) {
      handler?.onFailed(tlsFailure(this.#address, messageOf(cause)));
      return;
    }
    handler?.onFailed({
      sent: this.#isConnected ? 'maybe' : 'no',
      code: 'UPSTREAM_FAILED',
      what: `${this.#address}: ${messageOf(cause)}`,
      cause,
    });
  }

  #closed(): void {
    const { readableEnded, writableFinished } = this.#socket;
    if (readableEnded && writableFinished) this.#handler = undefined;
    else this.#fail(new Error('the connection was closed'));
  }
}
