/** Owns what a listener hands to the data path: one request, and the way to answer it. */
import type { Readable } from 'node:stream';
import type { Fields, RequestHead, ResponseHead } from './message.ts';
import type { Peer } from './peer.ts';

/** How sending a response ended. */
export type SendResult = 'sent' | 'client-gone' | 'upstream-broke';

export interface Exchange {
  readonly peer: Peer;
  readonly head: RequestHead;
  /** Absent when the request has no body. */
  readonly body: Readable | undefined;
  /** Aborts when the client goes away before the response was sent. */
  readonly signal: AbortSignal;
  /**
   * Sends the response; called once. A body that breaks destroys the client's connection (HTTP/1.1)
   * or stream (HTTP/2): the client never sees a broken response end well.
   */
  respond(head: ResponseHead, body: StreamedBody | Uint8Array): Promise<SendResult>;
  /** Calls `run` when nothing has moved in either direction for `ms`; 0 = never. */
  onIdle(ms: number, run: () => void): void;
  /** Cuts the client off. */
  destroy(): void;
}

export interface StreamedBody {
  readonly body: Readable;
  trailers(): Fields;
}
