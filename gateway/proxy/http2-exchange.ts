/** Owns a request received over a link: an HTTP/2 stream of another gateway. */
import type { ServerHttp2Stream } from 'node:http2';
import type { Readable } from 'node:stream';
import { wholeBody } from '../link/h2-body.ts';
import type { Exchange, SendResult, StreamedBody } from './exchange.ts';
import { fieldOf, type RequestHead, type ResponseHead } from './message.ts';
import type { Peer } from './peer.ts';
import { pump } from './pump.ts';

/** Reads a request's head; undefined when it lacks a part that every request has (RFC 9113 section 8.3.1). */
export function readStreamHead(raw: readonly string[]): RequestHead | undefined {
  const pseudo = new Map<string, string>();
  const fields: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const value = raw[i + 1] ?? '';
    if (name.startsWith(':')) pseudo.set(name, value);
    else if (name !== 'host') fields.push(name, value);
  }
  const method = pseudo.get(':method');
  const path = pseudo.get(':path');
  const authority = pseudo.get(':authority');
  if (method === undefined || authority === undefined || !path?.startsWith('/')) return undefined;
  return { method, protocol: '2', authority, path, fields };
}

export class Http2Exchange implements Exchange {
  readonly peer: Peer;
  readonly head: RequestHead;
  readonly body: Readable | undefined;
  readonly #stream: ServerHttp2Stream;
  readonly #gone = new AbortController();
  #answered = false;

  constructor(peer: Peer, head: RequestHead, stream: ServerHttp2Stream, endsWithHead: boolean) {
    this.peer = peer;
    this.head = head;
    this.#stream = stream;
    this.body = endsWithHead
      ? undefined
      : wholeBody(stream, fieldOf(head.fields, 'content-length'));
    // Its end is what counts, and 'close' tells that.
    stream.on('error', () => undefined);
    const gone = () => {
      if (!this.#answered) this.#gone.abort();
    };
    // A reset says 'aborted' before it breaks what is being piped; 'close' comes in any case.
    stream.once('aborted', gone);
    stream.once('close', gone);
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
    if (stream.destroyed || stream.closed) {
      streamed?.body.destroy();
      return 'client-gone';
    }
    const raw = [':status', String(status), ...fields];
    if (this.head.method === 'HEAD' || status === 204 || status === 304) {
      stream.respond(raw, { endStream: true });
      streamed?.body.destroy();
      this.#answered = true;
      return 'sent';
    }
    stream.respond(raw, { waitForTrailers: streamed !== undefined });
    if (streamed === undefined) {
      stream.end(content);
      this.#answered = true;
      return 'sent';
    }
    return this.#send(streamed);
  }

  async #send({ body, trailers }: StreamedBody): Promise<SendResult> {
    const stream = this.#stream;
    stream.once('wantTrailers', () => stream.sendTrailers(objectOf(trailers())));
    // A body that breaks destroys the stream with its error, which resets it.
    const result = await pump(body, stream, this.signal);
    this.#answered = result === 'sent';
    return result;
  }

  onIdle(ms: number, run: () => void): void {
    if (ms === 0) return;
    this.#stream.setTimeout(ms, () => {
      run();
      if (this.#stream.headersSent) this.destroy();
    });
  }

  destroy(): void {
    this.#stream.destroy(new Error('cut off'));
  }
}

function objectOf(fields: readonly string[]): Record<string, string> {
  const object: Record<string, string> = {};
  for (let i = 0; i < fields.length; i += 2) object[fields[i] ?? ''] = fields[i + 1] ?? '';
  return object;
}
