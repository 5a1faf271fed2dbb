/** Owns both ends of made-up requests: a client that asks, and a service that answers, in octets over loopback. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { intakeOf, type Reading } from '../socket/accept.ts';
import { readBuffer } from '../socket/read-buffer.ts';

/** Nothing of this traffic is parsed at its ends: bodies say where they end. */
const lastOctets = 'made up\n';
const smallBody = lastOctets.padStart(93, 'x');
/** More than leaves as one text. */
const largeBody = lastOctets.padStart(10_000, 'x');
const lastChunk = '\r\n0\r\n\r\n';

/** Answers what comes to it, each connection one request after the other. */
export class MadeUpService {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #reading: Reading;

  private constructor(reading: Reading) {
    this.#reading = reading;
    this.#server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
  }

  static async start(reading: Reading): Promise<MadeUpService> {
    const service = new MadeUpService(reading);
    service.#server.listen(0, '127.0.0.1');
    await once(service.#server, 'listening');
    return service;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Lets go of the connections there are: who asks again has to connect. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(socket: Socket): void {
    let asked = '';
    let answered = 0;
    this.#sockets.add(socket);
    // A connection that breaks off is the asker's to tell of.
    socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
    intakeOf(socket, this.#reading).reader = {
      onRead(buffer, end) {
        asked += buffer.toString('latin1', 0, end);
        const isPost = asked.startsWith('POST');
        const isWhole =
          asked.endsWith(isPost ? lastOctets : '\r\n\r\n') || asked.endsWith(lastChunk);
        if (!isWhole) return true;
        asked = '';
        socket.write(isPost ? chunkedAnswer() : answer(answered++), 'latin1');
        return true;
      },
    };
  }
}

/** Every other head repeats the one before. */
function answer(before: number): string {
  const etag = before >> 1;
  return `HTTP/1.1 200 OK\r\nServer: made-up\r\nContent-Type: text/plain\r\nETag: "${etag}"\r\nContent-Length: ${smallBody.length}\r\n\r\n${smallBody}`;
}

function chunkedAnswer(): string {
  const size = largeBody.length.toString(16);
  return `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n${size}\r\n${largeBody}${lastChunk}`;
}

/** How many requests `ask` makes: one of each kind, and some as they come most often. */
const requests = 8;

/**
 * Asks `host` over one connection to that port. Resolves once all is answered by 200; rejects with what was answered else, or when
 * the connection ends.
 */
export async function ask(port: number, host: string): Promise<void> {
  const over = Promise.withResolvers<void>();
  let asked = 0;
  let answer = '';
  const send = () => socket.write(requestTo(host, asked++), 'latin1');
  const onRead = (octets: number): boolean => {
    answer += readBuffer.toString('latin1', 0, octets);
    if (!answer.startsWith('HTTP/1.1 200')) {
      over.reject(new Error(`a made-up request was answered ${answer.split('\r\n', 1)}`));
    }
    if (!answer.endsWith(lastOctets) && !answer.endsWith(lastOctets + lastChunk)) return true;
    answer = '';
    if (asked < requests) send();
    else over.resolve();
    return true;
  };
  const onread = { buffer: readBuffer, callback: onRead };
  const socket = connect({ host: '127.0.0.1', port, noDelay: true, onread });
  socket
    .on('error', over.reject)
    .on('close', () => over.reject(new Error('the connection was closed')));
  send();
  try {
    await over.promise;
  } finally {
    socket.destroy();
  }
}

/** Two have bodies; four are the same, as those of clients are that ask again and again. */
function requestTo(host: string, before: number): string {
  const fields = `Host: ${host}\r\nUser-Agent: made-up\r\nAccept: */*\r\n`;
  if (before === 6) {
    return `POST /made-up HTTP/1.1\r\n${fields}Content-Type: text/plain\r\nContent-Length: ${largeBody.length}\r\n\r\n${largeBody}`;
  }
  if (before === 7) {
    const size = smallBody.length.toString(16);
    return `POST /made-up HTTP/1.1\r\n${fields}Transfer-Encoding: chunked\r\n\r\n${size}\r\n${smallBody}${lastChunk}`;
  }
  const path = before < 4 ? '/' : `/made-up/${before}?of=${requests}`;
  return `GET ${path} HTTP/1.1\r\n${fields}\r\n`;
}
