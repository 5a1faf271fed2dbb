/** Owns a request received over HTTP/1.1: its head read strictly, its response written. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { Exchange, SendResult, StreamedBody } from './exchange.ts';
import { type Fields, fieldOf, type RequestHead, type ResponseHead } from './message.ts';
import type { Peer } from './peer.ts';
import { pump } from './pump.ts';

export type ParsedHead =
  | { readonly kind: 'head'; readonly head: RequestHead }
  | { readonly kind: 'invalid'; readonly what: string };

function invalid(what: string): ParsedHead {
  return { kind: 'invalid', what };
}

/** Reads the target in origin or absolute form (RFC 9112 section 3.2); the latter's authority replaces the host. */
export function readHead(request: IncomingMessage): ParsedHead {
  const { method = '', url = '', rawHeaders, httpVersion } = request;
  const fields: string[] = [];
  let host: string | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase();
    const value = rawHeaders[i + 1] ?? '';
    if (name !== 'host') fields.push(name, value);
    else if (host === undefined) host = value;
    else return invalid('The request has more than one Host field');
  }
  const protocol = httpVersion === '1.0' ? '1.0' : '1.1';
  const absolute = /^http:\/\/([^/?#@]+)((?:[/?][^#]*)?)$/i.exec(url);
  if (absolute) {
    const rest = absolute[2] ?? '';
    const path = rest.startsWith('/') ? rest : `/${rest}`;
    return { kind: 'head', head: { method, protocol, authority: absolute[1] ?? '', path, fields } };
  }
  if (!url.startsWith('/')) return invalid(`The request target ${JSON.stringify(url)} is no path`);
  if (host === undefined) return invalid('The request has no Host field');
  return { kind: 'head', head: { method, protocol, authority: host, path: url, fields } };
}

export class Http1Exchange implements Exchange {
  readonly peer: Peer;
  readonly head: RequestHead;
  readonly body: Readable | undefined;
  readonly #response: ServerResponse;
  readonly #isDraining: () => boolean;
  readonly #gone = new AbortController();

  constructor(
    peer: Peer,
    head: RequestHead,
    request: IncomingMessage,
    response: ServerResponse,
    isDraining: () => boolean,
  ) {
    this.peer = peer;
    this.head = head;
    this.body = hasBody(head.fields) ? request : undefined;
    this.#response = response;
    this.#isDraining = isDraining;
    response.on('close', () => {
      if (!response.writableFinished) this.#gone.abort();
    });
  }

  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  async respond(
    { status, fields }: ResponseHead,
    content: StreamedBody | Uint8Array,
  ): Promise<SendResult> {
    const response = this.#response;
    const streamed = content instanceof Uint8Array ? undefined : content;
    if (this.signal.aborted) {
      streamed?.body.destroy();
      return 'client-gone';
    }
    // What is left of a body that is too large is not worth reading.
    const closes = this.#isDraining() || status === 413;
    response.writeHead(status, closes ? [...fields, 'connection', 'close'] : [...fields]);
    if (streamed === undefined) {
      response.end(this.head.method === 'HEAD' ? undefined : content);
      await closedOrFinished(response);
      return response.writableFinished ? 'sent' : 'client-gone';
    }
    return this.#send(streamed);
  }

  #send({ body, trailers }: StreamedBody): Promise<SendResult> {
    const response = this.#response;
    // An event stream may say nothing for long after its head, so the head does not wait for a body.
    response.flushHeaders();
    body.once('end', () => {
      const late = trailers();
      if (late.length > 0) response.addTrailers(pairs(late));
    });
    return pump(body, response, this.signal);
  }

  onIdle(ms: number, run: () => void): void {
    if (ms > 0) {
      this.#response.setTimeout(ms, () => {
        run();
        if (this.#response.headersSent) this.destroy();
      });
    }
  }

  destroy(): void {
    this.#response.destroy();
  }
}

function closedOrFinished(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once('finish', resolve);
    response.once('close', resolve);
  });
}

/** RFC 9112 section 6.3: a request has a body when it frames one. */
function hasBody(fields: Fields): boolean {
  const length = fieldOf(fields, 'content-length');
  return length === undefined ? fieldOf(fields, 'transfer-encoding') !== undefined : length !== '0';
}

function pairs(fields: Fields): [string, string][] {
  const list: [string, string][] = [];
  for (let i = 0; i < fields.length; i += 2) list.push([fields[i] ?? '', fields[i + 1] ?? '']);
  return list;
}
