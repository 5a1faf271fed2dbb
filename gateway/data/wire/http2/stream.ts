/** Owns what is known of one stream while it is open (RFC 9113 section 5.1). */
import type { Fields, Http2Stream, ResponseHead, StreamEnd, StreamHandler } from './api.ts';
import type { ChunkQueue } from './chunk-queue.ts';
import { ReceiveWindow } from './receive-window.ts';

/** The connection of a stream, as the stream needs it. */
export interface StreamOwner {
  respond(stream: Stream, head: ResponseHead, ends: boolean): void;
  write(stream: Stream, bytes: Uint8Array, ends: boolean): boolean;
  trailers(stream: Stream, fields: Fields): void;
  consume(stream: Stream, octets: number): void;
  openWindow(stream: Stream): void;
  reset(stream: Stream, code: number): void;
}

/** Everything but the methods is the connection's. */
export class Stream implements Http2Stream {
  readonly id: number;
  readonly #owner: StreamOwner;
  handler: StreamHandler | undefined;
  end: StreamEnd | undefined;

  /** The one behind it in the table of open streams; the table's own. */
  nextInTable: Stream | undefined;

  /** Receiving. The final head came. */
  headReceived = false;
  receivedEnd = false;
  /** Clients: responses with a status below 200 so far. */
  interims = 0;
  readonly receiveWindow: ReceiveWindow;
  /** Octets received, on their way in the frame under way included, and not consumed. */
  unconsumed = 0;
  /** Octets of the body still to come, where its length was announced; else -1. */
  expected = -1;
  /** Servers: the last octet of a body of announced length, as long as the body goes on after it; else -1. */
  held = -1;
  /** Clients: a response to HEAD has no body whatever length it announces. */
  isHead = false;
  /** It was opened by CONNECT: either side may go on when the other has ended. */
  isTunnel = false;

  /** Sending. */
  sendWindow: number;
  /** Whether the other side has widened the window of this stream. */
  isWidened = false;
  /** Octets that wait for window or for their turn; most streams never have any. */
  queue: ChunkQueue | undefined;
  /** The end was asked for, maybe behind what waits. */
  ending = false;
  sentEnd = false;
  queuedTrailers: Fields | undefined;
  /** The stream waits for its turn. */
  inTurn = false;
  nextInTurn: Stream | undefined;
  wantsWritable = false;
  /** Where in the output the flags of its last frame are, as long as that turn has not been taken. */
  flagsAt = 0;
  flagsTurn = -1;

  constructor(id: number, owner: StreamOwner, sendWindow: number, receiveWindow: number) {
    this.id = id;
    this.#owner = owner;
    this.sendWindow = sendWindow;
    this.receiveWindow = new ReceiveWindow(receiveWindow);
  }

  get queued(): number {
    return this.queue === undefined ? 0 : this.queue.length;
  }

  respond(head: ResponseHead, ends: boolean): void {
    if (this.end === undefined) this.#owner.respond(this, head, ends);
  }

  write(bytes: Uint8Array, ends: boolean): boolean {
    return this.end === undefined && !this.ending && this.#owner.write(this, bytes, ends);
  }

  trailers(fields: Fields): void {
    if (this.end === undefined && !this.ending) this.#owner.trailers(this, fields);
  }

  consume(octets: number): void {
    this.#owner.consume(this, octets);
  }

  openWindow(): void {
    this.#owner.openWindow(this);
  }

  reset(code: number): void {
    if (this.end === undefined) this.#owner.reset(this, code);
  }
}
