/** Owns the client's side of a connection: requests go out, their responses come in. */
import { entryOverhead } from '../hpack/dynamic-table.ts';
import { maxInterims } from '../http1/limits.ts';
import type { ConnectionHandler, Http2Stream, RequestHead, StreamHandler } from './api.ts';
import { Connection } from './connection.ts';
import type { HeaderBlock } from './header-block.ts';
import type { ConnectionContext } from './options.ts';
import { errorCode, max31 } from './protocol.ts';
import { readResponse } from './read-head.ts';
import { countOfHead, octetsOfHead, writeFields, writeRest } from './sent-fields.ts';
import type { Stream } from './stream.ts';
import { bodyLengthWrong } from './unreadable.ts';

/** Why there is no stream for a request; none of it was sent. */
export type RequestRefusal =
  /** The connection is over, or leaving. */
  | 'leaving'
  /** As many streams are open as the server allows, or it does not read what is sent. */
  | 'busy'
  /** The server has not said that it takes extended CONNECT. */
  | 'no-extended-connect'
  /** The server has said that it takes no head as large. */
  | 'head-too-large';

/** Octets of the names of pseudo-headers, and how many there may be. */
const pseudoOctets = 48;
const pseudoCount = 5;

function octetsOfLine({ method, scheme, authority, path, protocol }: RequestHead): number {
  const octets = method.length + scheme.length + authority.length + path.length;
  return pseudoOctets + octets + (protocol?.length ?? 0);
}

export class Http2Client extends Connection {
  #next = 1;

  constructor(handler: ConnectionHandler, context: ConnectionContext) {
    super(handler, context, false);
  }

  /** Sends a request's head; `ends` when it has no body. */
  request(head: RequestHead, ends: boolean, handler: StreamHandler): Http2Stream | RequestRefusal {
    if (this.over || this.leaving || this.#next > max31) return 'leaving';
    if (!this.#mayOpen) return 'busy';
    if (head.protocol !== undefined && !this.settings.peer.connectProtocol)
      return 'no-extended-connect';
    const count = pseudoCount + countOfHead(head);
    const octets = octetsOfLine(head) + octetsOfHead(head);
    // Some servers end the connection, and every stream on it, for what goes beyond (section 10.5.1).
    if (octets + count * entryOverhead > this.settings.peer.maxHeaderListSize)
      return 'head-too-large';
    this.floods.head();
    this.streams.writer.beginBlock(count, octets);
    const stream = this.streams.create(this.#next);
    this.#next += 2;
    stream.handler = handler;
    stream.isHead = head.method === 'HEAD';
    stream.isTunnel = head.method === 'CONNECT';
    this.#send(stream, head, ends);
    stream.ending = ends;
    stream.sentEnd = ends;
    return stream;
  }

  /** Streams that the server allows; undefined until it has said so. */
  get allowedStreams(): number | undefined {
    const { received, maxConcurrentStreams } = this.settings.peer;
    return received ? maxConcurrentStreams : undefined;
  }

  /** Takes the server to allow `streams` until it says how many: those beyond what it allows it would refuse. */
  assumeAllowed(streams: number): void {
    const { peer } = this.settings;
    if (!peer.received) peer.maxConcurrentStreams = streams;
  }

  /** Whether the server takes one more request. */
  get hasRoom(): boolean {
    return !this.over && !this.leaving && this.#mayOpen;
  }

  get #mayOpen(): boolean {
    return (
      this.openStreams < this.settings.peer.maxConcurrentStreams && this.streams.hasRoomForHeads
    );
  }

  /** The handlers of the streams under way. */
  handlers(): StreamHandler[] {
    return this.streams.open.all().flatMap(({ handler }) => handler ?? []);
  }

  drain(): void {
    if (this.over || this.leaving) return;
    this.leaving = true;
    this.streams.writer.goaway(0, errorCode.noError, '');
    this.finishIfDone();
  }

  /** Servers open none: pushes are refused. */
  protected lastPeerStream(): number {
    return 0;
  }

  isIdle(id: number): boolean {
    return id >= this.#next || id % 2 === 0;
  }

  protected onHead(
    id: number,
    stream: Stream | undefined,
    block: HeaderBlock,
    tooLarge: boolean,
    ends: boolean,
  ): void {
    if (stream === undefined) this.passOverHead(id, ends);
    else if (tooLarge) this.failStream(stream, errorCode.enhanceYourCalm, this.#tooLarge);
    else this.#onResponse(stream, block, ends);
  }

  onUnfinished(): void {
    // Only servers answer.
  }

  /** Section 6.8: streams above the last can be tried elsewhere. */
  protected onPeerGoaway(last: number): void {
    for (const stream of this.streams.open.all()) {
      if (stream.id > last)
        this.streams.close(stream, { kind: 'refused', what: 'the connection was going away' });
    }
  }

  get #tooLarge(): string {
    const { maxHeadBytes, maxFields } = this.options;
    return `a head of more than ${maxHeadBytes} bytes or ${maxFields} fields`;
  }

  #onResponse(stream: Stream, block: HeaderBlock, ends: boolean): void {
    const read = readResponse(block);
    if (typeof read === 'string') {
      this.malformed(stream, read);
      return;
    }
    const { status, length } = read;
    if (status < 200) {
      if (ends) this.malformed(stream, 'informational response that ends');
      else if (++stream.interims > maxInterims)
        this.failStream(stream, errorCode.enhanceYourCalm, 'too many informational responses');
      else stream.handler?.onInterim(stream, read);
      return;
    }
    const bodiless = stream.isHead || status === 204 || status === 304;
    if (ends && length > 0 && !bodiless) {
      this.malformed(stream, bodyLengthWrong);
      return;
    }
    stream.headReceived = true;
    stream.receivedEnd = ends;
    stream.expected = bodiless ? 0 : length;
    stream.handler?.onResponse(stream, read, ends);
    this.streams.closeIfComplete(stream);
  }

  #send(stream: Stream, head: RequestHead, ends: boolean): void {
    const { writer } = this.streams;
    const { encoder } = writer;
    const { method, scheme, authority, path, protocol, start } = head;
    if (start === undefined || !encoder.startWith(start)) {
      encoder.field(':method', method);
      if (method !== 'CONNECT' || protocol !== undefined) {
        encoder.field(':scheme', scheme);
        encoder.field(':path', path);
      }
      encoder.field(':authority', authority);
      if (protocol !== undefined) encoder.field(':protocol', protocol);
      writeFields(writer, head.fields, head.sensitive);
      if (start !== undefined) encoder.keep(start);
    }
    writeRest(writer, head);
    this.streams.sender.endBlock(stream, ends);
  }
}
