/** Owns one TCP connection as an exchange: octets both ways, each direction to its own end. */

import type { Exchange, ExchangeHandler } from '../message/exchange.ts';
import type { OutgoingResponse, ReceivedFields, RequestHead } from '../message/message.ts';
import type { Passage } from '../message/passage.ts';
import type { Peer } from '../message/peer.ts';
import { breakOff } from '../socket/break-off.ts';
import type { Intake, Reader } from '../socket/intake.ts';
import { SocketWriter } from '../socket/socket-writer.ts';
import { noLines } from '../wire/http1/field-lines.ts';
import type { ClientGround, ClientSide } from './client-ground.ts';

const noFields: ReceivedFields = {
  get: () => undefined,
  all: () => [],
  getById: () => undefined,
  allById: () => [],
  without: () => noLines,
  listWithout: () => [],
};

/** The head of a tunnel to a service, as CONNECT would have made it. */
export function tunnelTo(authority: string): RequestHead {
  return {
    method: 'CONNECT',
    protocol: '1.1',
    scheme: 'http',
    authority,
    path: '',
    fields: noFields,
    bodyLength: 'unknown',
    expectsContinue: false,
    connectionTokens: [],
    tunnel: { kind: 'tcp' },
  };
}

/**
 * There are no words in which to tell the client why it is not served: what is refused, or breaks, is reset, so
 * that nobody takes it for an end.
 */
export class TcpExchange implements Exchange, Reader {
  readonly peer: Peer;
  readonly head: RequestHead;
  passage: Passage | undefined = undefined;
  readonly #intake: Intake;
  readonly #ground: ClientGround;
  readonly #writer: SocketWriter;
  /** The side by which the listener ends the connection. One that goes on has no point at which to be let go of. */
  readonly #side: ClientSide = {
    place: -1,
    isIdle: false,
    drain() {},
    destroy: () => this.#over('client-gone'),
  };
  #handler: ExchangeHandler | undefined;
  /** The octets that were read before: the first of the body. */
  #first: Buffer | undefined;
  #isGranted = false;
  #isRefused = false;
  /** How it was over before the handler was known. */
  #overEarly: 'sent' | 'client-gone' | undefined;
  #isInputOver = false;
  #isOutputOver = false;
  #isOver = false;

  /** Hands itself in. The socket must be paused; `first` are the octets that were read from it before. */
  constructor(intake: Intake, ground: ClientGround, peer: Peer, head: RequestHead, first?: Buffer) {
    this.peer = peer;
    this.head = head;
    this.#intake = intake;
    this.#ground = ground;
    this.#first = first;
    this.#writer = new SocketWriter(intake.socket);
    intake.reader = this;
    intake.socket
      .on('drain', () => this.#handler?.onWritable())
      .on('end', () => this.#inputEnded())
      .on('error', (error) => ground.log.debug({ err: error }, 'TCP connection failed'))
      .on('close', () => this.#closed());
    ground.connections.add(this.#side);
    ground.inFlight.began();
    this.#handler = ground.taker.take(this);
    if (this.#overEarly !== undefined) this.#handler.onOver(this.#overEarly);
  }

  onRead(buffer: Buffer, end: number): boolean {
    return this.#handler?.onBody(buffer.subarray(0, end)) ?? true;
  }

  read(): void {
    if (this.#isOver) return;
    const first = this.#first;
    this.#first = undefined;
    if (first !== undefined && this.#handler?.onBody(first) === false) return;
    this.#intake.socket.resume();
  }

  /** TCP has no interim answers. */
  inform(): boolean {
    return true;
  }

  respond({ status }: OutgoingResponse, ends: boolean): void {
    if (this.#isOver) return;
    this.#isGranted = status === 200 && !ends;
    if (this.#isGranted) return;
    this.#isRefused = true;
    if (ends) this.#over('sent');
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isOver || !this.#isGranted) return true;
    this.#writer.bytes(bytes);
    return this.#writer.hasRoom;
  }

  end(): void {
    if (this.#isOver) return;
    if (this.#isRefused) {
      this.#over('sent');
      return;
    }
    this.#isOutputOver = true;
    this.#writer.flush();
    this.#intake.socket.end();
  }

  retract(): boolean {
    return false;
  }

  destroy(): void {
    if (this.#isOver) return;
    this.#leave();
  }

  #inputEnded(): void {
    this.#isInputOver = true;
    this.#handler?.onBodyEnd([]);
  }

  #closed(): void {
    const isWhole = this.#isInputOver && this.#isOutputOver && this.#intake.socket.writableFinished;
    this.#over(isWhole ? 'sent' : 'client-gone');
  }

  #over(how: 'sent' | 'client-gone'): void {
    if (this.#isOver) return;
    this.#leave();
    if (this.#handler === undefined) this.#overEarly = how;
    else this.#handler.onOver(how);
  }

  /** Nothing is told from here on. */
  #leave(): void {
    this.#isOver = true;
    this.#first = undefined;
    this.#ground.connections.delete(this.#side);
    this.#ground.inFlight.ended();
    // Of one that has closed already nothing comes.
    breakOff(this.#intake.socket);
  }
}
