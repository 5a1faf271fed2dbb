/** Owns many slow clients in tests: each dribbles a request, an octet at a time, and keeps what it is answered. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { ExecutionContext } from 'ava';

export interface SlowClient {
  /** What it was answered so far. */
  readonly answer: string;
  readonly isClosed: boolean;
}

/** Clients that write at the same time are one of so many groups: slow clients keep no time together. */
const groups = 50;

/** Connections made at once; many more would overflow a listener's backlog. */
const atOnce = 100;

/**
 * Connects `count` clients to `host:port`; they end with the test. Each sends `begins` at once, and from then on `goesOn`,
 * over and over, an octet each `everyMs`.
 */
export async function slowClients(
  t: Pick<ExecutionContext, 'teardown'>,
  address: string,
  options: {
    readonly count: number;
    readonly begins: string;
    readonly goesOn: string;
    readonly everyMs: number;
  },
): Promise<readonly SlowClient[]> {
  const { count, begins, goesOn, everyMs } = options;
  const [host = '', port] = address.split(':');
  const clients: Dribbler[] = [];
  t.teardown(() => {
    for (const client of clients) client.socket.destroy();
  });
  while (clients.length < count) {
    const next = Array.from({ length: Math.min(atOnce, count - clients.length) }, () => {
      return new Dribbler(connect(Number(port), host), begins);
    });
    clients.push(...next);
    await Promise.all(next.map(({ socket }) => once(socket, 'connect')));
  }
  let turn = 0;
  const timer = setInterval(() => {
    const octet = goesOn[Math.floor(turn / groups) % goesOn.length] as string;
    for (let i = turn++ % groups; i < clients.length; i += groups) {
      const { socket } = clients[i] as Dribbler;
      if (socket.writable) socket.write(octet, 'latin1');
    }
  }, everyMs / groups);
  t.teardown(() => clearInterval(timer));
  return clients;
}

class Dribbler implements SlowClient {
  readonly socket: Socket;
  answer = '';
  isClosed = false;

  constructor(socket: Socket, begins: string) {
    this.socket = socket;
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.answer += text;
    });
    // Told by the close.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
    });
    socket.write(begins, 'latin1');
  }
}
