/** Owns the seam between the data path and its clients: one request received, and the way to answer it. */
import type { Fields, OutgoingResponse, RequestHead } from './message.ts';
import type { Passage } from './passage.ts';
import type { Peer } from './peer.ts';

/**
 * What a listener hands to the data path. Calls and callbacks are plain and synchronous: no promise, stream or
 * timer for a request that goes well. After `onOver`, or `destroy`, its methods do nothing. A tunnel's two
 * directions end one by one: after `end` its client is still heard, and it is over when both have ended.
 */
export interface Exchange {
  readonly peer: Peer;
  readonly head: RequestHead;
  /** What was found out and changed on its way; undefined for most. */
  passage: Passage | undefined;
  /**
   * Reads on: the body flows to the handler until `onBody` says stop, and from the next call on again. Nothing
   * of a body is read before the first call; a client that waits for 100 (Continue) is told to go on by it.
   */
  read(): void;
  /** Sends an interim response (1xx other than 101). False as in `write`. */
  inform(status: number, fields: Fields): boolean;
  /**
   * Sends the head, once. `ends`: it has no body. 101 grants an upgrade, 200 a TCP tunnel, whatever versions
   * are spoken on either side. It leaves together with what is written in the same turn of the event loop.
   */
  respond(head: OutgoingResponse, ends: boolean): void;
  /** Sends a piece of the body, copied where it can't leave at once. False: write on after `onWritable`. */
  write(bytes: Uint8Array): boolean;
  /** The body is whole. */
  end(trailers?: Fields): void;
  /**
   * Takes the head back, and what followed it, where none of it has left: another answer may follow. To say
   * false is always right.
   */
  retract(): boolean;
  /**
   * Breaks the answer: the client's connection (HTTP/1.1) or stream (HTTP/2) is destroyed, so that nobody takes
   * what was sent for the whole. Calls nothing back.
   */
  destroy(): void;
}

/** How an exchange ends, as its handler is told. */
export type ExchangeEnd =
  /** The answer is with the kernel or the stream. */
  | 'sent'
  /** The client went before that. */
  | 'client-gone'
  /** The rest of the request could not be read: the listener has said so to the client, and counted it. */
  | 'refused';

/** Is told of an exchange. */
export interface ExchangeHandler {
  /** A piece of the request's body, valid during the call. False: hold the client back until `read`. */
  onBody(bytes: Buffer): boolean;
  /** The request is whole. Called for bodies only. */
  onBodyEnd(trailers: Fields): void;
  /** The octets for which `write` said false have left: there is room for more. */
  onWritable(): void;
  /** Last of all, once. */
  onOver(how: ExchangeEnd): void;
}

/**
 * Takes in every request of every listener, at once: the handler may be told of the body from then on. The
 * answer may be given before `take` returns; its handler is told that it is over only afterwards.
 */
export interface ExchangeTaker {
  take(exchange: Exchange): ExchangeHandler;
}
