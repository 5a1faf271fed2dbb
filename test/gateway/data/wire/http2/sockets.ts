/** Owns a connection over a real socket in tests, sending what a turn of the event loop made in one write. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { ExecutionContext } from 'ava';
import type {
  ConnectionEnd,
  Http2Stream,
  ReceivedRequest,
  StreamHandler,
} from '../../../../../gateway/data/wire/http2/api.ts';
import { Http2Client } from '../../../../../gateway/data/wire/http2/client.ts';
import type { Connection } from '../../../../../gateway/data/wire/http2/connection.ts';
import { strangerOptions } from '../../../../../gateway/data/wire/http2/options.ts';
import { OutputPool } from '../../../../../gateway/data/wire/http2/output.ts';
import { Http2Server } from '../../../../../gateway/data/wire/http2/server.ts';

const pool = new OutputPool();

/** Joins a socket and a connection. The writer of a connection has one write under way at most. */
class Wire {
  readonly #socket: Socket;
  #connection: Connection | undefined;
  #scheduled = false;
  #writing = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
  }

  join(connection: Connection): void {
    this.#connection = connection;
    this.#socket.on('data', (bytes: Buffer) => connection.receive(bytes, performance.now()));
    this.#socket.on('close', () => connection.lost('the socket was closed'));
  }

  schedule(): void {
    if (this.#scheduled || this.#writing) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    const bytes = this.#connection?.take();
    if (bytes !== undefined) {
      this.#writing = true;
      this.#socket.write(bytes, () => {
        this.#writing = false;
        this.#connection?.recycle(bytes);
        this.#flush();
      });
    } else if (this.#connection?.over) this.#socket.end();
  }
}

interface Serving {
  readonly port: number;
  /** The connections there were, in order. */
  readonly connections: Http2Server[];
  readonly ends: ConnectionEnd[];
}

/** Serves on a free port until the test ends. */
export async function serve(
  t: ExecutionContext,
  onRequest: (stream: Http2Stream, head: ReceivedRequest, ends: boolean) => StreamHandler,
): Promise<Serving> {
  const connections: Http2Server[] = [];
  const ends: ConnectionEnd[] = [];
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket);
    const wire = new Wire(socket);
    const connection = new Http2Server(
      {
        onRequest,
        onExcess: () => undefined,
        onUnfinished: () => undefined,
        onUnreadable: (_stream, _status, why) => {
          throw new Error(why);
        },
        onOutput: () => wire.schedule(),
        onGoaway: () => undefined,
        onEnd(end) {
          ends.push(end);
          wire.schedule();
        },
      },
      { options: strangerOptions, pool, now: performance.now() },
    );
    wire.join(connection);
    connections.push(connection);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  return { port: (listener.address() as AddressInfo).port, connections, ends };
}

/** A client connected to a port of this machine. */
export async function dial(
  t: ExecutionContext,
  port: number,
): Promise<{ connection: Http2Client; goaways: number[]; ends: ConnectionEnd[] }> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const wire = new Wire(socket);
  const goaways: number[] = [];
  const ends: ConnectionEnd[] = [];
  const connection = new Http2Client(
    {
      onOutput: () => wire.schedule(),
      onGoaway: (code) => goaways.push(code),
      onEnd(end) {
        ends.push(end);
        wire.schedule();
      },
    },
    { options: strangerOptions, pool, now: performance.now() },
  );
  wire.join(connection);
  t.teardown(() => socket.destroy());
  return { connection, goaways, ends };
}

/** Answers a request with its own body, length and trailers, under back-pressure. */
export class Echo implements StreamHandler {
  #owed = 0;

  static start(stream: Http2Stream, head: ReceivedRequest, ends: boolean): Echo {
    const fields = [
      'x-method',
      head.method,
      'x-path',
      head.path,
      'x-cookie',
      head.fields.get('cookie') ?? '',
    ];
    stream.respond({ status: 200, fields }, ends);
    return new Echo();
  }

  onData(stream: Http2Stream, bytes: Buffer, ends: boolean): void {
    if (stream.write(bytes, ends)) stream.consume(bytes.length);
    else this.#owed += bytes.length;
  }

  onWritable(stream: Http2Stream): void {
    stream.consume(this.#owed);
    this.#owed = 0;
  }

  onTrailers(stream: Http2Stream, fields: readonly string[]): void {
    stream.trailers(fields);
  }

  onInterim(): void {}
  onResponse(): void {}
  onClosed(): void {}
}
