/** Owns a request received over HTTP/1.1 and the answer to it: how that is framed, when its connection closes. */
import type { Socket } from 'node:net';
import { framingLines, responseHead } from '../wire/http1/encode.ts';
import { type FieldLines, fieldLines, joinLines, noLines } from '../wire/http1/field-lines.ts';
import { chunked, type Framing, noContent, untilClose } from '../wire/http1/framing.ts';
import type { RequestHead as ReceivedHead } from '../wire/http1/request-head.ts';
import type { Exchange, SendResult, StreamedBody } from './exchange.ts';
import { HttpDate } from './http-date.ts';
import type { IncomingBody } from './incoming-body.ts';
import { fieldOf, type RequestHead, type ResponseHead } from './message.ts';
import { type OutgoingFields, outgoingFields } from './outgoing-fields.ts';
import { OutgoingMessage } from './outgoing-message.ts';
import type { Peer } from './peer.ts';

/** The connection that a request came in by. */
export interface ClientSide {
  readonly socket: Socket;
  readonly peer: Peer;
  /** Whether it serves no request after this one, whatever the client asks for. */
  isLast(): boolean;
  /** Something was written. */
  onMoved(): void;
  /** The response is with the kernel. */
  onAnswered(closes: boolean): void;
  limitIdle(ms: number, run: () => void): void;
}

const closeLine = fieldLines(['connection', 'close']);
const keepAliveLine = fieldLines(['connection', 'keep-alive']);
const continueText = responseHead(100, noLines);
const date = new HttpDate();

export class Http1Exchange implements Exchange {
  readonly peer: Peer;
  readonly head: RequestHead;
  readonly body: IncomingBody | undefined;
  readonly #client: ClientSide;
  readonly #received: ReceivedHead;
  readonly #gone = new AbortController();
  #awaitsContinue: boolean;
  #hasBegun = false;
  #isAnswered = false;
  #outgoing: OutgoingMessage | undefined;

  constructor(
    client: ClientSide,
    received: ReceivedHead,
    head: RequestHead,
    body: IncomingBody | undefined,
  ) {
    this.peer = client.peer;
    this.head = head;
    this.body = body;
    this.#client = client;
    this.#received = received;
    this.#awaitsContinue = received.expectsContinue;
  }

  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  /** Whether any of the response has been written. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  /** Its body is wanted: a client that waits to hear so is told (RFC 9110 section 10.1.1). */
  bodyWanted(): void {
    if (!this.#awaitsContinue || this.#hasBegun) return;
    this.#awaitsContinue = false;
    this.#client.socket.write(continueText, 'latin1');
  }

  drained(): void {
    this.#outgoing?.drained();
  }

  /** The client's connection has closed. */
  lost(): void {
    if (this.#isAnswered) return;
    // The signal first: what breaks from here on broke because the client went.
    this.#gone.abort();
    this.#outgoing?.cut();
    this.body?.break(new Error('the client has gone'));
  }

  async respond(response: ResponseHead, content: StreamedBody | Uint8Array): Promise<SendResult> {
    const { socket } = this.#client;
    const streamed = content instanceof Uint8Array ? undefined : content;
    if (this.signal.aborted || socket.destroyed) {
      streamed?.body.destroy();
      return 'client-gone';
    }
    const { status } = response;
    const hasContent = this.head.method !== 'HEAD' && status !== 204 && status !== 304;
    try {
      const fields = outgoingFields(response.fields);
      const framing = hasContent ? this.#framingOf(content, fields) : noContent;
      // What is left of a body that is too large is not worth reading, and where one begins that
      // was neither asked for nor refused nobody knows.
      const closes =
        this.#client.isLast() ||
        !this.#received.isPersistent ||
        framing === untilClose ||
        status === 413 ||
        this.#awaitsContinue;
      const head = responseHead(status, this.#linesOf(response, fields, framing, closes));
      this.#hasBegun = true;
      if (hasContent && streamed !== undefined) {
        return await this.#stream(head, framing, streamed, closes);
      }
      streamed?.body.destroy();
      const bytes = content instanceof Uint8Array && hasContent ? content : undefined;
      return await this.#send(bytes ? head + Buffer.from(bytes).toString('latin1') : head, closes);
    } catch (thrown) {
      streamed?.body.destroy();
      throw thrown;
    }
  }

  onIdle(ms: number, run: () => void): void {
    this.#client.limitIdle(ms === 0 ? Infinity : ms, run);
  }

  destroy(): void {
    this.#client.socket.destroy();
  }

  #framingOf(content: StreamedBody | Uint8Array, { length }: OutgoingFields): Framing {
    if (content instanceof Uint8Array) return { kind: 'length', bytes: content.length };
    if (typeof length === 'number') return { kind: 'length', bytes: length };
    return this.head.protocol === '1.0' ? untilClose : chunked;
  }

  #linesOf(
    { status, fields }: ResponseHead,
    { lines, length }: OutgoingFields,
    framing: Framing,
    closes: boolean,
  ): FieldLines {
    // Without content the length is a statement about another response (RFC 9110 section 8.6).
    const isStated = framing === noContent && typeof length === 'number' && status !== 204;
    const framed = framingLines(isStated ? { kind: 'length', bytes: length } : framing);
    const dated = fieldOf(fields, 'date') === undefined ? date.line(Date.now()) : noLines;
    const kept = this.head.protocol === '1.0' ? keepAliveLine : noLines;
    const own = joinLines(joinLines(framed, dated), closes ? closeLine : kept);
    return joinLines(lines, own);
  }

  #stream(
    head: string,
    framing: Framing,
    { body, trailers }: StreamedBody,
    closes: boolean,
  ): Promise<SendResult> {
    const { socket } = this.#client;
    return new Promise((resolve) => {
      this.#outgoing = new OutgoingMessage(socket, {
        head,
        framing,
        body,
        trailers,
        onMoved: () => this.#client.onMoved(),
        onDone: (how) => {
          if (how === 'whole') this.#answered(closes);
          // Destroyed, never ended: the client must not take what it has for the whole.
          else if (how === 'body-broke') socket.destroy();
          resolve(how === 'whole' ? 'sent' : how === 'cut' ? 'client-gone' : 'upstream-broke');
        },
      });
      this.#outgoing.start();
    });
  }

  /** Sends a whole response. */
  #send(text: string, closes: boolean): SendResult | Promise<SendResult> {
    const { socket } = this.#client;
    this.#client.onMoved();
    if (socket.write(text, 'latin1') && socket.writableLength === 0) {
      this.#answered(closes);
      return 'sent';
    }
    return new Promise((resolve) => {
      socket.write('', (error) => {
        if (!error) this.#answered(closes);
        resolve(error ? 'client-gone' : 'sent');
      });
    });
  }

  #answered(closes: boolean): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.#client.onAnswered(closes);
  }
}
