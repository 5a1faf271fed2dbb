/** Owns the words for a message that crosses the gateway, free of any transport's types. */
import type { ErrorCode } from '../../../core/errors.ts';
import type { ServiceName } from '../../../core/names.ts';
import type { BlockStart } from '../wire/hpack/block-start.ts';
import type { UniqueField } from '../wire/hpack/encoder.ts';
import type { FieldFilter } from '../wire/http1/field-filter.ts';
import type { FieldLines } from '../wire/http1/field-lines.ts';

/** Header fields as a flat list (name, value, name, value ...). Names are lower-case; order and repeats are kept. */
export type Fields = readonly string[];

/**
 * Fields as they came in, read no further than somebody asks. `FieldSection` is one for HTTP/1.1, which
 * forwards ranges of the text it validated; `FieldList` is one for HTTP/2.
 */
export interface ReceivedFields {
  /** The value of the first field of that name, which is in lower case. */
  get(name: string): string | undefined;
  /** The values of every field of that name, which is in lower case. */
  all(name: string): readonly string[];
  /** The same for a well-known name by its number (`idOfName`): for what is asked of every message. */
  getById(id: number): string | undefined;
  allById(id: number): readonly string[];
  /** The fields that `filter` and `alsoDropped` (lower-case names) leave, as HTTP/1.1 lines. */
  without(filter: FieldFilter, alsoDropped?: readonly string[]): FieldLines;
  /** The same as a flat list. */
  listWithout(filter: FieldFilter, alsoDropped?: readonly string[]): string[];
  /** Names of fields that must be sent on never-indexed, as they came (RFC 7541 section 6.2.3); absent for HTTP/1.1. */
  readonly sensitive?: readonly string[] | undefined;
}

/** Fields on their way out. The next hop takes the form that it speaks; only that one is made. */
export interface OutgoingFields {
  /** HTTP/1.1 lines, safe to send; neither host nor framing is among them. */
  lines(): FieldLines;
  /** The same as a flat list, but for `more`. */
  list(): Fields;
  /** Fields besides, which few other messages have; absent where there is none. */
  more?(): Fields;
  /** A field that no other message has, to be sent at once. */
  unique?(): UniqueField | undefined;
  /** The start of the HTTP/2 header block, up to the last of `list`, where the same start came and may come again. */
  readonly start?: BlockStart | undefined;
  /** As in `ReceivedFields`. */
  readonly sensitive?: readonly string[] | undefined;
}

/**
 * Octets both ways instead of a request and a response: asked for by Upgrade, by CONNECT, or by a listener for
 * TCP. What the client sends counts as the request's body, what comes back as the response's, and either
 * may end before the other (half-close). Nothing of it is sent on before the response's head has come:
 * 101 or 200 where it is granted, anything else where not.
 */
export type Tunnel =
  /** Raw octets to a service. */
  | { readonly kind: 'tcp' }
  /** Another protocol on top of HTTP, such as `websocket`: Upgrade in HTTP/1.1, extended CONNECT in HTTP/2 (RFC 8441). */
  | { readonly kind: 'upgrade'; readonly protocol: string };

/** How long a message's body is: none, that many octets, or until it ends. */
export type BodyLength = number | 'none' | 'unknown';

export interface RequestHead {
  readonly method: string;
  /** The version it was received with, as `Via` names it. */
  readonly protocol: '1.0' | '1.1' | '2';
  /** How the client reached us, for what we say of it to others. */
  readonly scheme: 'http' | 'https';
  /** The host asked for, as sent: `orders.shop.acme` or `orders.shop.acme:80`. */
  readonly authority: string;
  /**
   * Origin form, its path a `normalPath`: begins with `/`. `*` for OPTIONS of all that a host has (RFC 9110 section 9.3.7).
   * Empty for a TCP tunnel.
   */
  readonly path: string;
  /** Everything but the host. */
  readonly fields: ReceivedFields;
  readonly bodyLength: BodyLength;
  /** Whether the client waits with its body to be told to go on: 100 (Continue), RFC 9110 section 10.1.1. */
  readonly expectsContinue: boolean;
  /** Tokens of `Connection` beside close, keep-alive and upgrade, in lower case; always empty in HTTP/2. */
  readonly connectionTokens: readonly string[];
  readonly tunnel: Tunnel | undefined;
  /**
   * The fields that go on, left here once they are found: a client that repeats itself brings the same head again.
   * `null` at first; absent in a head that never comes again.
   */
  passed?: PassedRequest | null;
}

/** The fields of a request that go on to one service, but for its id. */
export interface PassedRequest {
  readonly service: ServiceName;
  /** Whether it came with an id. */
  readonly hasId: boolean;
  /** Fields that we add, as lines. */
  readonly own: string;
  /** All the fields as lines, where lines were asked for; or as a flat list. */
  lines: FieldLines | undefined;
  list: Fields | undefined;
  /** Once the list was asked for again. */
  start: BlockStart | undefined;
}

/** A request as it is sent on. */
export interface OutgoingRequest {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  readonly authority: string;
  readonly path: string;
  readonly fields: OutgoingFields;
  readonly bodyLength: BodyLength;
  /** Whether the body is not sent before the next hop asks for it. */
  readonly expectsContinue: boolean;
  readonly tunnel: Tunnel | undefined;
}

/** A final response's head as it came: never below 200, except 101 to a tunnel. */
export interface ResponseHead {
  readonly status: number;
  readonly fields: ReceivedFields;
  /** The length as announced; for HEAD and 304 that of the body that is not sent. */
  readonly bodyLength: BodyLength;
  readonly connectionTokens: readonly string[];
  /** The fields that go back, as in `RequestHead`. */
  passed?: PassedResponse | null;
}

/** The fields of a response that go back. */
export interface PassedResponse extends OutgoingFields {
  /** Fields that we add, as lines. */
  readonly own: FieldLines;
}

/** A response as it is sent to the client. */
export interface OutgoingResponse {
  readonly status: number;
  readonly fields: OutgoingFields;
  readonly bodyLength: BodyLength;
}

/** A try that brought no whole response. `sent: 'no'` means that it provably never reached the service. */
export interface FailedTry {
  readonly sent: 'no' | 'maybe';
  /** The kept connection had closed before the request left: that says nothing of the target. */
  readonly isStale?: true;
  /** The other side has refused it on a connection that stands (REFUSED_STREAM, GOAWAY). */
  readonly isRefused?: boolean;
  readonly code: ErrorCode;
  /** What happened, as a sentence without a trailing period. */
  readonly what: string;
  readonly cause?: unknown;
}
