/** Owns one established connection to another gateway: requests as HTTP/2 streams, and its own liveness. */
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream';
import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import {
  type FailedTry,
  type Fields,
  fieldOf,
  type Outcome,
  type RequestHead,
  type TryOptions,
} from '../proxy/message.ts';
import { linkSettings, linkWindow, wholeBody } from './h2-body.ts';
import { Heartbeat } from './heartbeat.ts';

export interface LinkSessionOptions {
  readonly socket: Socket;
  /** Of the gateway, for messages. */
  readonly address: string;
  readonly clock: Clock;
  readonly pingIntervalMs: number;
  /** After each PING; the first says that the session is ready. */
  onRtt(rttMs: number): void;
  /** The other side asked to use it no more; what is under way may finish. */
  onGoingAway(): void;
  /** It is over; called once. */
  onEnd(why: string): void;
}

export class LinkSession {
  readonly #options: LinkSessionOptions;
  readonly #session: ClientHttp2Session;
  readonly #heartbeat: Heartbeat;
  #streams = 0;
  #why = 'the other side closed the connection';

  constructor(options: LinkSessionOptions) {
    this.#options = options;
    const { socket, clock, pingIntervalMs } = options;
    const session = connect('https://gateway', {
      ...linkSettings,
      createConnection: () => socket,
    });
    this.#session = session;
    session.once('connect', () => session.setLocalWindowSize(linkWindow));
    session.on('error', (error) => {
      this.#why = error.message;
    });
    session.on('goaway', () => options.onGoingAway());
    this.#heartbeat = new Heartbeat({
      clock,
      intervalMs: pingIntervalMs,
      ping: (answered) => this.#ping(answered),
      received: () => socket.bytesRead,
      onRtt: (rttMs) => options.onRtt(rttMs),
      onDead: (silentMs) => this.destroy(`no answer to a PING for ${Math.round(silentMs)} ms`),
    });
    session.once('close', () => {
      this.#heartbeat.stop();
      options.onEnd(this.#why);
    });
  }

  /** Whether it takes new requests. */
  get usable(): boolean {
    return !this.#session.closed && !this.#session.destroyed;
  }

  get streams(): number {
    return this.#streams;
  }

  get rttMs(): number | undefined {
    return this.#heartbeat.rttMs;
  }

  request(head: RequestHead, body: Readable | undefined, options: TryOptions): Promise<Outcome> {
    const { address } = this.#options;
    let stream: ClientHttp2Stream;
    try {
      stream = this.#session.request(
        [
          ':method',
          head.method,
          ':scheme',
          'http',
          ':authority',
          head.authority,
          ':path',
          head.path,
          ...head.fields,
        ],
        { endStream: body === undefined },
      );
    } catch (cause) {
      body?.destroy();
      const what = `The link to ${address} takes no request: ${messageOf(cause)}`;
      return Promise.resolve({ kind: 'failed', sent: 'no', code: 'UPSTREAM_FAILED', what, cause });
    }
    this.#streams++;
    stream.once('close', () => this.#streams--);
    if (body) pipeline(body, stream, () => undefined);
    return outcomeOf(stream, address, options.signal);
  }

  /** Takes no new requests; ends when those under way have, or after `limitMs`. */
  drain(limitMs: number): void {
    if (!this.usable) return;
    this.#why = 'replaced';
    this.#session.close();
    const cancel = this.#options.clock.after(limitMs, () =>
      this.destroy(`requests still under way after ${limitMs} ms`),
    );
    this.#session.once('close', cancel);
  }

  /** Ends it at once: requests under way fail. */
  destroy(why: string): void {
    this.#why = why;
    this.#heartbeat.stop();
    const reason = new Error(why);
    this.#session.destroy(reason);
    this.#options.socket.destroy();
  }

  #ping(answered: () => void): void {
    const { destroyed } = this.#session;
    // A PING that fails is followed by the session's end, which says why.
    if (!destroyed) this.#session.ping((error) => error ?? answered());
  }
}

/** How a request on `stream` ends: with a response head, or without. */
function outcomeOf(
  stream: ClientHttp2Stream,
  address: string,
  signal: AbortSignal,
): Promise<Outcome> {
  return new Promise((resolve) => {
    let problem: unknown;
    const settle = (outcome: Outcome) => {
      signal.removeEventListener('abort', onAbort);
      stream.off('close', onClose);
      resolve(outcome);
    };
    const onClose = () => settle(failure(stream, address, problem));
    const onAbort = () => {
      settle({
        kind: 'failed',
        sent: stream.pending ? 'no' : 'maybe',
        code: 'UPSTREAM_TIMED_OUT',
        what: `The gateway at ${address} has not answered in time`,
      });
      stream.close(constants.NGHTTP2_CANCEL);
    };
    stream.on('error', (error) => {
      problem = error;
    });
    stream.once('close', onClose);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    let trailers: Fields = [];
    stream.once('trailers', (_headers, _flags, raw) => {
      trailers = raw ?? [];
    });
    stream.once('response', (headers, _flags, raw) => {
      const fields = withoutPseudo(raw ?? []);
      const status = Number(headers[':status']);
      const length = hasNoContent(stream, status) ? undefined : fieldOf(fields, 'content-length');
      const body = wholeBody(stream, length);
      settle({ kind: 'response', status, fields, body, trailers: () => trailers });
    });
  });
}

/** REFUSED_STREAM says that nothing was processed, and so does a GOAWAY for streams above its last (RFC 9113 section 8.7). */
function failure(stream: ClientHttp2Stream, address: string, cause: unknown): FailedTry {
  const refused = stream.pending || stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
  return {
    kind: 'failed',
    sent: refused ? 'no' : 'maybe',
    code: 'UPSTREAM_FAILED',
    what: refused
      ? `The gateway at ${address} refused the stream`
      : `The link to ${address} broke: ${cause === undefined ? 'stream closed' : messageOf(cause)}`,
    cause,
  };
}

/** A response to HEAD, and one with these statuses, announces a length it does not send. */
function hasNoContent(stream: ClientHttp2Stream, status: number): boolean {
  return stream.sentHeaders[':method'] === 'HEAD' || status === 204 || status === 304;
}

function withoutPseudo(raw: readonly string[]): string[] {
  const fields: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? '';
    if (!name.startsWith(':')) fields.push(name, raw[i + 1] ?? '');
  }
  return fields;
}
