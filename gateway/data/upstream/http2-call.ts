/** Owns one try over an HTTP/2 connection, to a gateway or to an endpoint: its request on the way out, its response on the way in, how it fails. */
import type { ErrorCode } from '../../../core/error-codes.ts';
import type { Call, CallHandler } from '../message/call.ts';
import type {
  FailedTry,
  Fields,
  OutgoingRequest,
  ResponseHead,
  Tunnel,
} from '../message/message.ts';
import { BodyReader } from '../socket/body-reader.ts';
import { continueExpectation } from '../wire/http1/expectation.ts';
import type { Http2Stream, ReceivedResponse, StreamEnd, StreamHandler } from '../wire/http2/api.ts';
import type { Http2Client, RequestRefusal } from '../wire/http2/client.ts';
import { errorCode } from '../wire/http2/protocol.ts';

const nothing = new Uint8Array(0);
const expectField = ['expect', continueExpectation];
const noTokens: readonly string[] = [];

const refusals: Readonly<Record<RequestRefusal, string>> = {
  leaving: 'it is being given up',
  busy: 'as many are under way as the other side allows',
  'no-extended-connect': 'the other side takes no extended CONNECT',
  'head-too-large': 'its head is larger than the other side takes',
};

/** The connection that a call is made on, as the call needs it. */
export interface CallGround {
  readonly client: Http2Client;
  /** The target, as a sentence begins: `The gateway at 10.0.0.1:8443`. */
  readonly who: string;
  /** Whether anything may have arrived there. */
  readonly isConnected: boolean;
}

export class Http2Call extends BodyReader implements Call, StreamHandler {
  readonly #ground: CallGround;
  readonly #handler: CallHandler;
  readonly #tunnel: Tunnel | undefined;
  protected stream: Http2Stream | undefined;
  /** The request is whole, or nobody sends on. */
  #hasEnded = false;
  /** A tunnel that was granted: its two directions end one by one. */
  #isGranted = false;
  #isAnswered = false;
  /** Nothing more is told. */
  #isOver = false;

  constructor(ground: CallGround, request: OutgoingRequest, handler: CallHandler) {
    super(true);
    this.#ground = ground;
    this.#handler = handler;
    this.#tunnel = request.tunnel;
    // A body of no octets ends with its head.
    const { bodyLength } = request;
    const ends = request.tunnel === undefined && (bodyLength === 'none' || bodyLength === 0);
    this.#hasEnded = ends;
    const stream = ground.client.request(headOf(request, bodyLength), ends, this);
    if (typeof stream === 'string') this.#refused(stream);
    else this.stream = stream;
  }

  get isReady(): boolean {
    return this.#ground.isConnected;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#hasEnded || this.stream === undefined) return false;
    return this.stream.write(bytes, false);
  }

  end(trailers?: Fields): void {
    if (this.#hasEnded || this.stream === undefined) return;
    this.#hasEnded = true;
    if (trailers !== undefined && trailers.length > 0) this.stream.trailers(trailers);
    else this.stream.write(nothing, true);
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#hasEnded = true;
    this.discard();
    this.stream?.reset(errorCode.cancel);
  }

  /** The other side is silent for now. */
  doubted(): void {
    if (!this.#isOver && !this.#isAnswered) this.#handler.onDoubted();
  }

  onInterim(_stream: Http2Stream, { status, fields }: ReceivedResponse): void {
    // Few may come: there is no window to hold back what follows.
    if (!this.#isOver) this.#handler.onInterim(status, fields.list());
  }

  onResponse(_stream: Http2Stream, received: ReceivedResponse, ends: boolean): void {
    if (this.#isOver) return;
    this.#isAnswered = true;
    this.#isGranted = this.#tunnel !== undefined && received.status < 300;
    this.#handler.onResponse(this.#headOf(received, ends));
    if (ends) this.finish(noTokens);
  }

  onWritable(): void {
    if (!this.#isOver && !this.#hasEnded) this.#handler.onWritable();
  }

  onClosed(_stream: Http2Stream, end: StreamEnd): void {
    this.#hasEnded = true;
    // A response that was received whole and waits to be read is none the worse.
    if (this.#isOver || end.kind === 'complete' || this.isWhole) return;
    this.discard();
    const isInvalid = end.kind === 'reset' && !this.#isAnswered;
    const code = isInvalid ? 'RESPONSE_REFUSED' : 'UPSTREAM_FAILED';
    const sent = this.#isSent(end) ? 'maybe' : 'no';
    const isRefused = end.kind === 'refused' && this.#ground.isConnected;
    this.#fail(sent, describe(end, this.#ground.who), code, isRefused);
  }

  protected onPiece(bytes: Buffer): boolean {
    return this.#isOver || this.#handler.onBody(bytes);
  }

  protected onWhole(trailers: Fields): void {
    if (this.#isOver) return;
    // A tunnel may go on the other way, and break there.
    const goesOn = this.#isGranted && !this.#hasEnded;
    this.#isOver = !goesOn;
    this.#handler.onEnd(trailers);
    if (goesOn || this.#hasEnded) return;
    // Nobody wants the rest of the request.
    this.#hasEnded = true;
    this.stream?.reset(errorCode.cancel);
  }

  /** The same head again where the same response comes again. */
  #headOf(received: ReceivedResponse, ends: boolean): ResponseHead {
    const comesAgain = received.made !== undefined && !ends && this.#tunnel === undefined;
    if (comesAgain && received.made !== null) return received.made as ResponseHead;
    const { status, fields, length } = received;
    const head: ResponseHead = {
      status: statusOf(status, this.#tunnel),
      fields,
      bodyLength: status === 204 ? 'none' : length >= 0 ? length : ends ? 'none' : 'unknown',
      connectionTokens: noTokens,
    };
    if (!comesAgain) return head;
    received.made = { ...head, passed: null };
    return received.made as ResponseHead;
  }

  /** There is no stream for the call, which is told once its maker has the call. */
  #refused(why: RequestRefusal): void {
    const code = why === 'head-too-large' ? 'REQUEST_HEAD_TOO_LARGE' : 'UPSTREAM_FAILED';
    process.nextTick(() => {
      if (this.#isOver) return;
      this.#fail('no', `${this.#ground.who} takes no request: ${refusals[why]}`, code);
    });
  }

  /** REFUSED_STREAM says that nothing was processed, and so does a GOAWAY for streams above its last (RFC 9113 section 8.7). */
  #isSent(end: StreamEnd): boolean {
    return end.kind !== 'refused' && this.#ground.isConnected;
  }

  #fail(
    sent: FailedTry['sent'],
    what: string,
    code: ErrorCode = 'UPSTREAM_FAILED',
    isRefused = false,
  ): void {
    this.#isOver = true;
    this.#handler.onFailed({ sent, code, what, isRefused });
  }
}

function headOf(request: OutgoingRequest, bodyLength: OutgoingRequest['bodyLength']) {
  const { method, scheme, authority, path, fields, tunnel, expectsContinue } = request;
  const isTcp = tunnel?.kind === 'tcp';
  return {
    method: tunnel === undefined ? method : 'CONNECT',
    scheme: isTcp ? '' : scheme,
    authority,
    path: isTcp ? '' : path,
    protocol: tunnel?.kind === 'upgrade' ? tunnel.protocol : undefined,
    fields: fields.list(),
    start: fields.start,
    more: expectsContinue ? [...(fields.more?.() ?? []), ...expectField] : fields.more?.(),
    unique: fields.unique?.(),
    length: typeof bodyLength === 'number' && tunnel === undefined ? bodyLength : undefined,
    sensitive: fields.sensitive,
  };
}

/** The data path knows a granted tunnel by 101 or 200, whatever status the connection has for it. */
function statusOf(status: number, tunnel: Tunnel | undefined): number {
  if (tunnel === undefined || status >= 300) return status;
  return tunnel.kind === 'upgrade' ? 101 : 200;
}

function describe(end: StreamEnd, who: string): string {
  switch (end.kind) {
    case 'complete':
      return `${who} ended the stream without an answer`;
    case 'refused':
      return `${who} refused the stream: ${end.what}`;
    case 'reset-by-peer':
      return `${who} reset the stream with code ${end.code}`;
    case 'reset':
      return `${who} answered what is no valid response: ${end.what}`;
    case 'lost':
      return `${who} was lost: ${end.what}`;
  }
}
