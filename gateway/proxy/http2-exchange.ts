/** Owns a request received over a link: an HTTP/2 stream of another gateway. */
import type { Readable } from 'node:stream';
import type { Clock } from '../../core/clock.ts';
import { BodySender, type SendEnd } from '../link/body-sender.ts';
import { StreamBody } from '../link/stream-body.ts';
import type { Http2Stream, StreamEnd, StreamHandler } from '../wire/http2/api.ts';
import { errorCode } from '../wire/http2/protocol.ts';
import type { Exchange, SendResult, StreamedBody } from './exchange.ts';
import { IdleWatch } from './idle-watch.ts';
import type { RequestHead, ResponseHead } from './message.ts';
import type { Peer } from './peer.ts';

const results: Readonly<Record<SendEnd, SendResult>> = {
  sent: 'sent',
  broke: 'upstream-broke',
  closed: 'client-gone',
};

export class Http2Exchange implements Exchange, StreamHandler {
  readonly peer: Peer;
  readonly head: RequestHead;
  readonly body: Readable | undefined;
  readonly #incoming: StreamBody | undefined;
  readonly #stream: Http2Stream;
  readonly #clock: Clock;
  readonly #gone = new AbortController();
  #closed = false;
  #responded = false;
  #answered = false;
  #sender: BodySender | undefined;
  #idle: IdleWatch | undefined;

  constructor(peer: Peer, head: RequestHead, stream: Http2Stream, ends: boolean, clock: Clock) {
    this.peer = peer;
    this.head = head;
    this.#stream = stream;
    this.#clock = clock;
    this.#incoming = ends ? undefined : new StreamBody(stream);
    this.body = this.#incoming;
  }

  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  async respond(
    { status, fields }: ResponseHead,
    content: StreamedBody | Uint8Array,
  ): Promise<SendResult> {
    const stream = this.#stream;
    const streamed = content instanceof Uint8Array ? undefined : content;
    if (this.#closed) {
      streamed?.body.destroy();
      return 'client-gone';
    }
    this.#responded = true;
    const bodiless = this.head.method === 'HEAD' || status === 204 || status === 304;
    if (bodiless || streamed === undefined) {
      this.#answered = true;
      stream.respond({ status, fields }, bodiless);
      if (bodiless) streamed?.body.destroy();
      else stream.write(content as Uint8Array, true);
      return 'sent';
    }
    stream.respond({ status, fields }, false);
    return this.#send(streamed);
  }

  onIdle(ms: number, run: () => void): void {
    if (ms === 0) return;
    this.#idle = new IdleWatch(this.#clock, ms, () => {
      run();
      if (this.#responded) this.destroy();
    });
  }

  destroy(): void {
    this.#stream.reset(errorCode.internalError);
  }

  onInformational(): void {
    // Only servers send them.
  }

  onResponse(): void {
    // Only servers send them.
  }

  onData(_stream: Http2Stream, bytes: Buffer, ends: boolean): void {
    this.#idle?.moved();
    this.#incoming?.receive(bytes, ends);
  }

  /** Nobody behind this gateway could be given them. */
  onTrailers(): void {
    this.#incoming?.finish();
  }

  onWritable(): void {
    this.#idle?.moved();
    this.#sender?.resume();
  }

  onClosed(_stream: Http2Stream, end: StreamEnd): void {
    this.#closed = true;
    this.#idle?.stop();
    // First of all, so that whatever breaks by it is known to be no fault of the upstream.
    if (!this.#answered) this.#gone.abort();
    if (end.kind === 'complete') {
      // Nobody waits for what was not read until now; the link has credit to get back for it.
      this.#incoming?.destroy();
    } else {
      this.#incoming?.break('the stream was closed before its body ended');
    }
    this.#sender?.stop();
  }

  #send({ body, trailers }: StreamedBody): Promise<SendResult> {
    return new Promise((resolve) => {
      this.#sender = new BodySender({
        body,
        stream: this.#stream,
        trailers,
        breakCode: errorCode.internalError,
        onMoved: () => this.#idle?.moved(),
        onEnd: (end) => {
          // From here on it is not the client that cuts this short.
          this.#answered = end !== 'closed';
          resolve(results[end]);
        },
      });
    });
  }
}
