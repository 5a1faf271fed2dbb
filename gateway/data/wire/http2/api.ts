/** Owns the words between a connection and its user: heads, streams, handlers, and how things end. */
import type { BlockStart } from '../hpack/block-start.ts';
import type { UniqueField } from '../hpack/encoder.ts';
import type { FailureCause } from './failure-cause.ts';
import type { FieldList } from './field-list.ts';
import type { UnreadableStatus } from './unreadable.ts';

/** Header fields as a flat list (name, value, name, value ...), names in lower case, one character an octet. */
export type Fields = readonly string[];

interface RequestLine {
  readonly method: string;
  /** Empty for CONNECT without a protocol. */
  readonly scheme: string;
  /** From `:authority`, or else `host`. */
  readonly authority: string;
  /** Begins with `/`, or is `*`. Empty for CONNECT without a protocol. */
  readonly path: string;
  /** What an extended CONNECT asks for, such as `websocket` (RFC 8441). */
  readonly protocol?: string | undefined;
}

export interface ReceivedRequest extends RequestLine {
  /** Everything but the host. `cookie` is one field, however many it came in (RFC 9113 section 8.2.3). */
  readonly fields: FieldList;
  /** Octets that Content-Length announces; -1 when there is none. */
  readonly length: number;
}

export interface ReceivedResponse {
  readonly status: number;
  readonly fields: FieldList;
  /** As in `ReceivedRequest`. */
  readonly length: number;
  /**
   * What its taker has made of it, left here by him: of a server that repeats itself comes the same response again.
   * `null` at first; absent in one that never comes again.
   */
  made?: object | null;
}

/** The fields of a head that is sent. */
export interface SentFields {
  readonly fields: Fields;
  /** The start of its block, up to the last of `fields`, where the same start came and may come again. */
  readonly start?: BlockStart | undefined;
  /** Fields besides, which few other heads have. */
  readonly more?: Fields | undefined;
  /** And one that no other head has. */
  readonly unique?: UniqueField | undefined;
  /** Sent as Content-Length, which is not among the fields then. */
  readonly length?: number | undefined;
  /** Names of fields that must be sent never-indexed (RFC 7541 section 6.2.3). */
  readonly sensitive?: readonly string[] | undefined;
}

export interface RequestHead extends RequestLine, SentFields {}

export interface ResponseHead extends SentFields {
  readonly status: number;
}

/** How a stream ended. `refused`: the other side provably did nothing with it (RFC 9113 section 8.7). */
export type StreamEnd =
  | { readonly kind: 'complete' }
  | { readonly kind: 'refused'; readonly what: string }
  | { readonly kind: 'reset-by-peer'; readonly code: number }
  | { readonly kind: 'reset'; readonly code: number; readonly what: string }
  | { readonly kind: 'lost'; readonly what: string };

/** How a connection ended. After `failed` a GOAWAY with the code is still to be taken and sent. */
export type ConnectionEnd =
  | { readonly kind: 'drained' }
  | {
      readonly kind: 'failed';
      readonly code: number;
      readonly what: string;
      readonly cause: FailureCause;
    }
  | { readonly kind: 'lost'; readonly what: string };

/** One stream, to send on. After it has closed its methods do nothing. */
export interface Http2Stream {
  readonly id: number;
  /** Octets that `write` took and that have not left yet. */
  readonly queued: number;
  /**
   * Servers: sends a response head; those with a status below 200 may come before it, and do not end. As long as the
   * other side reads nothing of too much that was sent, these are left out, and the response fails its stream.
   */
  respond(head: ResponseHead, ends: boolean): void;
  /**
   * Sends a piece of the body, copied where it can't leave at once. False when enough is waiting:
   * write on after `onWritable`.
   */
  write(bytes: Uint8Array, ends: boolean): boolean;
  /** Ends the body with trailers. */
  trailers(fields: Fields): void;
  /** Gives back credit for octets received: until then the other side may not replace them. */
  consume(octets: number): void;
  /** Servers: the body is asked for, and may come as fast as it can. */
  openWindow(): void;
  /** Ends the stream at once, both ways. */
  reset(code: number): void;
}

/** Is told of one stream. */
export interface StreamHandler {
  /** Clients: a response with a status below 200 came before the response. */
  onInterim(stream: Http2Stream, head: ReceivedResponse): void;
  /** Clients: the response came; `ends` when it has no body. */
  onResponse(stream: Http2Stream, head: ReceivedResponse, ends: boolean): void;
  /** A piece of the body, valid during the call. Give it back by `consume` when it is dealt with. */
  onData(stream: Http2Stream, bytes: Buffer, ends: boolean): void;
  /** The body ended with these. */
  onTrailers(stream: Http2Stream, fields: Fields): void;
  /** All octets that waited have left, after `write` had said stop. */
  onWritable(stream: Http2Stream): void;
  /**
   * Servers: the rest of a request can't be taken. `why` is a sentence's end. Returns who is told of what follows, when it
   * was answered with `status` in the call; else the stream is reset.
   */
  onUnreadable?(
    stream: Http2Stream,
    status: UnreadableStatus,
    why: string,
  ): StreamHandler | undefined;
  /** Called once, last: both sides have ended, or it broke, for whatever reason. */
  onClosed(stream: Http2Stream, end: StreamEnd): void;
}

/** Is told of a connection. */
export interface ConnectionHandler {
  /**
   * There will be something to `take` when this turn of the event loop is over: not to be taken during the call.
   * Said first while the connection is made, and again only after what there was has been taken.
   */
  onOutput(): void;
  /**
   * The other side will take no new streams soon, and takes them until it says more: the first of two steps (section 6.8), which tells
   * a client to send nothing new. It may be passed over only where both sides know that it is: without this, it is like the last.
   */
  onWarning?(): void;
  /** The other side takes no new streams; those under way go on. */
  onGoaway(code: number, debug: string): void;
  /** The connection is over; called once, after every stream was closed. */
  onEnd(end: ConnectionEnd): void;
}

export interface ServerHandler extends ConnectionHandler {
  /** A request came, whole when `ends`. Returns who is told of the rest of it. */
  onRequest(stream: Http2Stream, head: ReceivedRequest, ends: boolean): StreamHandler;
  /**
   * A request came whose head can't be taken, to be answered with `status`. `method`: empty where it is among what was
   * not read. `why` is a sentence's end. Returns who is told of the rest of it.
   */
  onUnreadable(
    stream: Http2Stream,
    status: UnreadableStatus,
    why: string,
    method: string,
  ): StreamHandler;
  /** A request was refused, unread, for as many are under way as may be. */
  onExcess(): void;
  /** A request was answered before it was whole. The rest of it is let in, until `giveUp` is called with its number. */
  onUnfinished(id: number): void;
}
