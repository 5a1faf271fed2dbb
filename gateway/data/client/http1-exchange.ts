/** Owns a request received over HTTP/1.1 and the answer to it: how that is framed, and whether its connection closes. */
import type { Socket } from 'node:net';
import type { Exchange, ExchangeEnd, ExchangeHandler, ExchangeTaker } from '../message/exchange.ts';
import type { BodyLength, Fields, OutgoingResponse, RequestHead } from '../message/message.ts';
import type { OutgoingBody } from '../message/outgoing-body.ts';
import type { Passage } from '../message/passage.ts';
import type { Peer } from '../message/peer.ts';
import { acceptOf } from '../message/web-socket.ts';
import type { SocketWriter } from '../socket/socket-writer.ts';
import { framingLines, responseHead, statusLine } from '../wire/http1/encode.ts';
import { type FieldLines, fieldLines, noLines } from '../wire/http1/field-lines.ts';
import { chunked, type Framing, noContent, untilClose } from '../wire/http1/framing.ts';
import type { RequestHead as ReceivedHead } from '../wire/http1/request-head.ts';

/** The connection that a request came in by. */
export interface ClientSocket {
  readonly socket: Socket;
  readonly writer: SocketWriter;
  readonly outgoing: OutgoingBody;
  readonly peer: Peer;
  /** Whether it serves no request after this one, whatever the client asks for. */
  isLast(): boolean;
  /** Lets the request's body come. */
  readOn(): void;
  /** The tunnel is granted: what the client sends belongs to it from here on. */
  onTunnel(): void;
  /** The answer is with the kernel. */
  onAnswered(closes: boolean): void;
  /** Cuts the connection off. */
  cut(): void;
}

type Phase =
  /** No final answer was begun. */
  | 'open'
  | 'answering'
  /** The answer is written; the kernel takes the rest of it. */
  | 'leaving'
  | 'over';

const closeLine = 'connection: close\r\n';
const keepAliveLine = 'connection: keep-alive\r\n';
const continueText = responseHead(100, noLines);

export class Http1Exchange implements Exchange {
  readonly head: RequestHead;
  passage: Passage | undefined = undefined;
  readonly #client: ClientSocket;
  readonly #received: ReceivedHead;
  #handler: ExchangeHandler | undefined;
  #phase: Phase = 'open';
  /** How it ended, while nobody could be told yet. */
  #ended: ExchangeEnd | undefined;
  #awaitsContinue: boolean;
  #hasContent = true;
  #closes = false;
  #isTunnel = false;
  /** Whether a `write` said stop. */
  #owesRoom = false;

  constructor(client: ClientSocket, received: ReceivedHead, head: RequestHead) {
    this.#client = client;
    this.#received = received;
    this.head = head;
    this.#awaitsContinue = head.expectsContinue;
  }

  get peer(): Peer {
    return this.#client.peer;
  }

  /** The handler that is told of the body; undefined once the request is answered. */
  get handler(): ExchangeHandler | undefined {
    return this.#phase === 'over' ? undefined : this.#handler;
  }

  get isOver(): boolean {
    return this.#phase === 'over';
  }

  /** Whether any of the answer has been written. */
  get hasBegun(): boolean {
    return this.#phase !== 'open';
  }

  /** Whether all of the answer has been written. */
  get isAnswered(): boolean {
    return this.#phase === 'leaving' || this.#phase === 'over';
  }

  /** Whether it was answered without being asked for its body, which may never come. */
  get isUnasked(): boolean {
    return this.#awaitsContinue && this.#phase !== 'open';
  }

  begin(taker: ExchangeTaker): void {
    const handler = taker.take(this);
    this.#handler = handler;
    if (this.#ended !== undefined) handler.onOver(this.#ended);
  }

  /** Wants the body: a client that waits to hear so is told (RFC 9110 section 10.1.1). */
  read(): void {
    if (this.#phase === 'over') return;
    if (this.#awaitsContinue) {
      this.#awaitsContinue = false;
      if (this.#phase === 'open') this.#client.writer.last(continueText);
    }
    this.#client.readOn();
  }

  inform(status: number, fields: Fields): boolean {
    if (this.#phase !== 'open' || this.head.protocol === '1.0') return true;
    const { writer } = this.#client;
    writer.text(responseHead(status, fieldLines(fields)));
    this.#owesRoom = !writer.hasRoom;
    return !this.#owesRoom;
  }

  respond(response: OutgoingResponse, ends: boolean): void {
    if (this.#phase !== 'open') return;
    this.#phase = 'answering';
    const { writer, outgoing } = this.#client;
    writer.begin();
    const { tunnel, method } = this.head;
    const { status } = response;
    if (tunnel !== undefined && status === (tunnel.kind === 'tcp' ? 200 : 101)) {
      this.#grant(response);
      return;
    }
    this.#hasContent = method !== 'HEAD' && status !== 204 && status !== 304;
    const framing = this.#framingOf(response.bodyLength, ends);
    // What is left of a body that is too large or too slow is not worth reading, and where one begins that was
    // neither asked for nor refused nobody knows.
    this.#closes =
      this.#client.isLast() ||
      !this.#received.isPersistent ||
      framing === untilClose ||
      status === 413 ||
      status === 408 ||
      this.#awaitsContinue ||
      tunnel?.kind === 'tcp';
    const kept = this.head.protocol === '1.0' ? keepAliveLine : '';
    const head = `${statusLine(status)}${response.fields.lines()}${
      this.#hasContent ? framingLines(framing) : statedLength(status, response.bodyLength)
    }${this.#closes ? closeLine : kept}\r\n`;
    outgoing.begin(framing);
    if (ends) {
      writer.last(head);
      this.#leave();
    } else writer.text(head);
  }

  write(bytes: Uint8Array): boolean {
    if (this.#phase !== 'answering') return true;
    const { writer, outgoing } = this.#client;
    if (this.#isTunnel) writer.bytes(bytes);
    else if (this.#hasContent && !outgoing.write(bytes)) this.#broke();
    if (writer.hasRoom) return true;
    this.#owesRoom = true;
    return false;
  }

  end(trailers?: Fields): void {
    if (this.#phase !== 'answering') return;
    if (this.#isTunnel) {
      this.#client.writer.flush();
      this.#client.socket.end();
      this.#phase = 'leaving';
      this.tunnelMoved();
      return;
    }
    if (this.#hasContent && !this.#client.outgoing.end(trailers)) this.#broke();
    else {
      this.#client.writer.flush();
      this.#leave();
    }
  }

  retract(): boolean {
    if (this.#phase !== 'answering' || this.#isTunnel || !this.#client.writer.retract()) {
      return this.#phase === 'open';
    }
    this.#phase = 'open';
    return true;
  }

  destroy(): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#client.cut();
  }

  drained(): void {
    if (!this.#owesRoom || this.#phase === 'leaving' || this.#phase === 'over') return;
    this.#owesRoom = false;
    this.#handler?.onWritable();
  }

  /** A tunnel is over when both directions have ended, and all of them has left. */
  tunnelMoved(): void {
    const { socket } = this.#client;
    if (this.#phase !== 'leaving' || !this.#isTunnel) return;
    if (socket.readableEnded && socket.writableFinished) this.#over('sent');
  }

  /** The rest of the request can't be read. */
  refused(): void {
    this.#over('refused');
  }

  /** The client's connection has closed. */
  lost(): void {
    if (this.#phase === 'leaving' && this.#isTunnel && this.#client.socket.readableEnded) {
      this.#over('sent');
    } else this.#over('client-gone');
  }

  #framingOf(length: BodyLength, ends: boolean): Framing {
    if (!this.#hasContent) return noContent;
    if (ends) return { kind: 'length', bytes: 0 };
    if (typeof length === 'number') return { kind: 'length', bytes: length };
    return this.head.protocol === '1.0' ? untilClose : chunked;
  }

  #grant({ status, fields }: OutgoingResponse): void {
    const { tunnel } = this.head;
    this.#isTunnel = true;
    this.#closes = true;
    let lines: string = fields.lines();
    if (tunnel?.kind === 'upgrade') {
      lines += `connection: upgrade\r\nupgrade: ${tunnel.protocol}\r\n${this.#acceptLine(lines)}`;
    }
    this.#client.writer.last(`${statusLine(status)}${lines}\r\n`);
    this.#client.onTunnel();
  }

  /** The `Sec-WebSocket-Accept` that a client waits for, where the answer came over HTTP/2 and has none (RFC 8441 section 5). */
  #acceptLine(lines: string): string {
    const key = this.head.fields.get('sec-websocket-key');
    if (key === undefined || /^sec-websocket-accept:/im.test(lines)) return '';
    return `sec-websocket-accept: ${acceptOf(key)}\r\n`;
  }

  /** The answer is not as long as announced: destroyed, so that nobody takes it for whole. */
  #broke(): void {
    this.#client.cut();
    this.lost();
  }

  #leave(): void {
    this.#phase = 'leaving';
    if (this.#client.writer.isEmpty) this.#answered();
    else {
      this.#client.socket.write('', (error) => {
        if (!error) this.#answered();
      });
    }
  }

  #answered(): void {
    if (this.#phase !== 'leaving') return;
    this.#over('sent');
    this.#client.onAnswered(this.#closes);
  }

  #over(how: ExchangeEnd): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#ended = how;
    this.#handler?.onOver(how);
  }
}

/** Without content the length is a statement about another response (RFC 9110 section 8.6). */
function statedLength(status: number, length: BodyLength): FieldLines {
  if (status === 204 || typeof length !== 'number') return noLines;
  return framingLines({ kind: 'length', bytes: length });
}
