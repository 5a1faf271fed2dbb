/** Owns either side of a connection in tests, with everything it was told written down. */
import type {
  ConnectionEnd,
  ConnectionHandler,
  Http2Stream,
  ReceivedRequest,
  ReceivedResponse,
  RequestHead,
  ResponseHead,
  StreamEnd,
  StreamHandler,
} from '../../../../../gateway/data/wire/http2/api.ts';
import { Http2Client } from '../../../../../gateway/data/wire/http2/client.ts';
import type { Connection } from '../../../../../gateway/data/wire/http2/connection.ts';
import type { FieldList } from '../../../../../gateway/data/wire/http2/field-list.ts';
import {
  type ConnectionOptions,
  strangerOptions,
} from '../../../../../gateway/data/wire/http2/options.ts';
import { OutputPool } from '../../../../../gateway/data/wire/http2/output.ts';
import { frameType } from '../../../../../gateway/data/wire/http2/protocol.ts';
import { Http2Server } from '../../../../../gateway/data/wire/http2/server.ts';
import type { UnreadableStatus } from '../../../../../gateway/data/wire/http2/unreadable.ts';
import { type Frame, framesIn, hello, settings, settingsAck } from './frames.ts';

const pool = new OutputPool();

/** What happened, in order; consecutive pieces of a body are one. */
type Event =
  | {
      readonly event: 'request';
      readonly id: number;
      readonly head: RequestHead;
      readonly ends: boolean;
    }
  | {
      readonly event: 'informational' | 'response';
      readonly id: number;
      readonly head: ResponseHead;
      readonly ends: boolean;
    }
  | { readonly event: 'data'; readonly id: number; text: string; ends: boolean }
  | { readonly event: 'trailers'; readonly id: number; readonly fields: readonly string[] }
  | { readonly event: 'writable'; readonly id: number }
  | { readonly event: 'closed'; readonly id: number; readonly end: StreamEnd }
  | { readonly event: 'goaway'; readonly code: number; readonly debug: string }
  | {
      readonly event: 'unreadable';
      readonly id: number;
      readonly status: UnreadableStatus;
      readonly why: string;
      /** Undefined where its head was read. */
      readonly method: string | undefined;
    }
  | { readonly event: 'excess' }
  | { readonly event: 'end'; readonly end: ConnectionEnd };

const unheard: StreamHandler = {
  onInterim() {},
  onResponse() {},
  onData() {},
  onTrailers() {},
  onWritable() {},
  onClosed() {},
};

/** Writes down what it is told. */
export class Recorder implements StreamHandler, ConnectionHandler {
  readonly events: Event[] = [];
  readonly streams = new Map<number, Http2Stream>();
  /** Whether bodies are consumed as they come. */
  consumes = true;
  /** Whether what is unreadable of a request whose head was read is answered. */
  answers = true;
  /** Called for each request, after it was written down. */
  answer: (stream: Http2Stream, head: RequestHead, ends: boolean) => void = () => undefined;
  outputs = 0;

  onRequest(stream: Http2Stream, received: ReceivedRequest, ends: boolean): StreamHandler {
    const { method, scheme, authority, path, protocol } = received;
    const head = { method, scheme, authority, path, protocol, ...fieldsOf(received) };
    this.streams.set(stream.id, stream);
    this.events.push({ event: 'request', id: stream.id, head, ends });
    this.answer(stream, head, ends);
    return this;
  }

  onUnreadable(
    stream: Http2Stream,
    status: UnreadableStatus,
    why: string,
    method: string,
  ): StreamHandler;
  onUnreadable(
    stream: Http2Stream,
    status: UnreadableStatus,
    why: string,
  ): StreamHandler | undefined;
  onUnreadable(
    stream: Http2Stream,
    status: UnreadableStatus,
    why: string,
    method?: string,
  ): StreamHandler | undefined {
    const { id } = stream;
    this.events.push({ event: 'unreadable', id, status, why, method });
    if (method === undefined && !this.answers) return undefined;
    stream.respond({ status, fields: [] }, false);
    stream.write(Buffer.from(why), true);
    // Of a stream that was heard of, the end is heard of as well.
    return method === undefined ? unheard : this;
  }

  readonly unfinished: number[] = [];

  onUnfinished(id: number): void {
    this.unfinished.push(id);
  }

  onExcess(): void {
    this.events.push({ event: 'excess' });
  }

  onInterim({ id }: Http2Stream, received: ReceivedResponse): void {
    const head = { status: received.status, ...fieldsOf(received) };
    this.events.push({ event: 'informational', id, head, ends: false });
  }

  onResponse({ id }: Http2Stream, received: ReceivedResponse, ends: boolean): void {
    const head = { status: received.status, ...fieldsOf(received) };
    this.events.push({ event: 'response', id, head, ends });
  }

  onData(stream: Http2Stream, bytes: Buffer, ends: boolean): void {
    const { id } = stream;
    const text = bytes.toString('latin1');
    const last = this.events.findLast((event) => 'id' in event && event.id === id);
    if (last?.event === 'data') {
      last.text += text;
      last.ends ||= ends;
    } else {
      this.events.push({ event: 'data', id, text, ends });
    }
    if (this.consumes) stream.consume(bytes.length);
  }

  onTrailers({ id }: Http2Stream, fields: readonly string[]): void {
    this.events.push({ event: 'trailers', id, fields });
  }

  onWritable({ id }: Http2Stream): void {
    this.events.push({ event: 'writable', id });
  }

  onClosed({ id }: Http2Stream, end: StreamEnd): void {
    this.events.push({ event: 'closed', id, end });
  }

  onOutput(): void {
    this.outputs++;
  }

  onGoaway(code: number, debug: string): void {
    this.events.push({ event: 'goaway', code, debug });
  }

  onEnd(end: ConnectionEnd): void {
    this.events.push({ event: 'end', end });
  }

  /** How the stream ended, if it did. */
  endOf(id: number): StreamEnd | undefined {
    const closed = this.events.find((event) => event.event === 'closed' && event.id === id);
    return closed?.event === 'closed' ? closed.end : undefined;
  }

  get end(): ConnectionEnd | undefined {
    const ended = this.events.find(({ event }) => event === 'end');
    return ended?.event === 'end' ? ended.end : undefined;
  }
}

export interface Side<C extends Connection> {
  readonly recorder: Recorder;
  readonly connection: C;
  /** Lets it receive frames, at `now`. */
  receive(...frames: readonly Buffer[]): void;
  receiveAt(now: number, ...frames: readonly Buffer[]): void;
  /** The frames it has to send, all of them. */
  sent(): Frame[];
}

function fieldsOf({ fields }: { readonly fields: FieldList }) {
  return { fields: fields.list(), sensitive: fields.sensitive };
}

/** A server that has been greeted, unless `greeted` is false. */
export function server(
  options: Partial<ConnectionOptions> = {},
  greeted = true,
): Side<Http2Server> {
  const recorder = new Recorder();
  const context = { options: { ...strangerOptions, ...options }, pool, now: 0 };
  const side = sideOf(recorder, new Http2Server(recorder, context));
  if (greeted) {
    side.receive(hello);
    side.sent();
  }
  return side;
}

/** A client whose server has greeted it, with `values` as settings. */
export function client(
  options: Partial<ConnectionOptions> = {},
  ...values: readonly (readonly [id: number, value: number])[]
): Side<Http2Client> {
  const recorder = new Recorder();
  const context = { options: { ...strangerOptions, ...options }, pool, now: 0 };
  const side = sideOf(recorder, new Http2Client(recorder, context));
  side.receive(settings(...values), settingsAck);
  side.sent();
  return side;
}

function sideOf<C extends Connection>(recorder: Recorder, connection: C): Side<C> {
  return {
    recorder,
    connection,
    receive: (...frames) => connection.receive(Buffer.concat(frames), 0),
    receiveAt: (now, ...frames) => connection.receive(Buffer.concat(frames), now),
    sent: () => framesIn(takeAll(connection)),
  };
}

export function takeAll(connection: Connection): Buffer {
  const parts: Buffer[] = [];
  for (let part = connection.take(); part !== undefined; part = connection.take()) {
    parts.push(Buffer.from(part));
    connection.recycle(part);
  }
  return Buffer.concat(parts);
}

/** Carries bytes both ways until there are none. */
function exchange(one: Connection, other: Connection): void {
  for (;;) {
    const there = takeAll(one);
    other.receive(there, 0);
    const back = takeAll(other);
    one.receive(back, 0);
    if (there.length + back.length === 0) return;
  }
}

/** A client and a server that have greeted each other. */
export function pair(
  clientOptions: Partial<ConnectionOptions> = {},
  serverOptions: Partial<ConnectionOptions> = {},
): { client: Side<Http2Client>; server: Side<Http2Server>; exchange(): void } {
  const one = new Recorder();
  const other = new Recorder();
  const near = new Http2Client(one, {
    options: { ...strangerOptions, ...clientOptions },
    pool,
    now: 0,
  });
  const far = new Http2Server(other, {
    options: { ...strangerOptions, ...serverOptions },
    pool,
    now: 0,
  });
  exchange(near, far);
  return {
    client: sideOf(one, near),
    server: sideOf(other, far),
    exchange: () => exchange(near, far),
  };
}

/** The request of `GET /` or the like, through a client. */
export function head(method = 'GET', fields: readonly string[] = []): RequestHead {
  return { method, scheme: 'http', authority: 'orders.shop', path: '/', fields };
}

export function request(side: Side<Http2Client>, what: RequestHead, ends: boolean): Http2Stream {
  const stream = side.connection.request(what, ends, side.recorder);
  if (typeof stream === 'string') throw new Error(`no stream: ${stream}`);
  return stream;
}

/** The bodies of DATA frames on a stream, put together. */
export function bodyIn(frames: readonly Frame[], id: number): Buffer {
  return Buffer.concat(
    frames.filter((it) => it.type === frameType.data && it.id === id).map(({ payload }) => payload),
  );
}
