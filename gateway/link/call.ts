/** Owns one request on a link: its body on the way out, its response on the way in, and how it fails. */
import type { Readable } from 'node:stream';
import type { ErrorCode } from '../../core/errors.ts';
import type { Fields, Outcome, Response } from '../proxy/message.ts';
import type { Http2Stream, ResponseHead, StreamEnd, StreamHandler } from '../wire/http2/api.ts';
import { errorCode } from '../wire/http2/protocol.ts';
import { BodySender } from './body-sender.ts';
import { StreamBody } from './stream-body.ts';

export class Call implements StreamHandler {
  /** Of the gateway that is asked, for messages. */
  readonly #address: string;
  readonly #signal: AbortSignal;
  readonly #settle: (outcome: Outcome) => void;
  #stream: Http2Stream | undefined;
  #settled = false;
  #upload: BodySender | undefined;
  #body: StreamBody | undefined;
  #trailers: Fields = [];

  /** `settle` is called once. */
  constructor(address: string, signal: AbortSignal, settle: (outcome: Outcome) => void) {
    this.#address = address;
    this.#signal = signal;
    this.#settle = settle;
  }

  /** The head is on its way on `stream`. */
  begin(stream: Http2Stream, body: Readable | undefined): void {
    this.#stream = stream;
    this.#signal.addEventListener('abort', this);
    if (body) this.#upload = new BodySender({ body, stream, breakCode: errorCode.cancel });
  }

  /** The signal was raised: nobody waits for a response any more. */
  handleEvent(): void {
    const what = `The gateway at ${this.#address} has not answered in time`;
    this.#fail(this.#stream === undefined ? 'no' : 'maybe', 'UPSTREAM_TIMED_OUT', what);
    this.#stream?.reset(errorCode.cancel);
  }

  /** There is no stream for it: `why`, after "takes no request: ". */
  refuse(why: string): void {
    this.#fail('no', 'UPSTREAM_FAILED', `The link to ${this.#address} takes no request: ${why}`);
  }

  onInformational(): void {
    // Whoever waits for one waits for the gateway it asked.
  }

  onResponse(stream: Http2Stream, { status, fields }: ResponseHead, ends: boolean): void {
    const body = new StreamBody(stream);
    this.#body = body;
    if (ends) body.finish();
    const trailers = () => this.#trailers;
    this.#conclude({ kind: 'response', status, fields, body, trailers } satisfies Response);
  }

  onData(_stream: Http2Stream, bytes: Buffer, ends: boolean): void {
    this.#body?.receive(bytes, ends);
  }

  onTrailers(_stream: Http2Stream, fields: Fields): void {
    this.#trailers = fields;
    this.#body?.finish();
  }

  onWritable(): void {
    this.#upload?.resume();
  }

  onClosed(_stream: Http2Stream, end: StreamEnd): void {
    const what = describe(end, this.#address);
    this.#body?.break(what);
    if (!this.#settled)
      this.#fail(end.kind === 'refused' ? 'no' : 'maybe', 'UPSTREAM_FAILED', what);
    this.#upload?.stop();
  }

  #fail(sent: 'no' | 'maybe', code: ErrorCode, what: string): void {
    this.#conclude({ kind: 'failed', sent, code, what });
  }

  #conclude(outcome: Outcome): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#signal.removeEventListener('abort', this);
    this.#settle(outcome);
  }
}

/** REFUSED_STREAM says that nothing was processed, and so does a GOAWAY for streams above its last (RFC 9113 section 8.7). */
function describe(end: StreamEnd, address: string): string {
  switch (end.kind) {
    case 'complete':
      return `The gateway at ${address} ended the stream without an answer`;
    case 'refused':
      return `The gateway at ${address} refused the stream: ${end.what}`;
    case 'reset-by-peer':
      return `The gateway at ${address} reset the stream with code ${end.code}`;
    case 'reset':
      return `The stream to ${address} was reset: ${end.what}`;
    case 'lost':
      return `The link to ${address} broke: ${end.what}`;
  }
}
