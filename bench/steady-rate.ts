/** Owns an open loop over HTTP/1.1: requests at a constant rate, however long the answers take, and how long each took. */
import { connect, type Socket } from 'node:net';
import { setTimeout as rest } from 'node:timers/promises';
import { authority, paths } from './proxies/running.ts';

const connections = 64;
export const perSecond = 2_000;
/** Time for the last answers. */
const graceMs = 2_000;

const request = `GET ${paths.small} HTTP/1.1\r\nHost: ${authority}\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n`;

/** Milliseconds of each request that was due in a second, by second; Infinity for one without an answer of 200. */
export type BySecond = readonly (readonly number[])[];

/**
 * Sends for so many seconds. A request that finds every connection busy waits for one, and its time runs meanwhile; that this
 * program itself is late with one is no fault of who answers, and not counted. `onSecond` is called as each begins, and once all are over.
 */
export async function steadyRate(
  port: number,
  seconds: number,
  onSecond: () => void = () => undefined,
): Promise<BySecond> {
  const taken = Array.from({ length: seconds }, () => [] as number[]);
  const free: Connection[] = [];
  const waiting: Due[] = [];
  const all = Array.from({ length: connections }, () => {
    const connection = new Connection(port, () => {
      const next = waiting.shift();
      if (next) connection.ask(next);
      else free.push(connection);
    });
    return connection;
  });
  free.push(...all);
  onSecond();
  const started = performance.now();
  for (let sent = 0; sent < seconds * perSecond; await rest(1)) {
    const now = performance.now();
    const due = Math.min(seconds, (now - started) / 1000) * perSecond;
    for (; sent < due; sent++) {
      const second = taken[Math.floor(sent / perSecond)] ?? [];
      const at = second.push(Infinity) - 1;
      const one: Due = {
        answered: () => {
          second[at] = performance.now() - now;
        },
      };
      const connection = free.shift();
      if (connection) connection.ask(one);
      else waiting.push(one);
      if ((sent + 1) % perSecond === 0) onSecond();
    }
  }
  const closesAt = performance.now() + graceMs;
  while (free.length < connections && performance.now() < closesAt) await rest(1);
  for (const connection of all) connection.close();
  return taken;
}

interface Due {
  answered(): void;
}

/** One request after the other; one that breaks is never free again. */
class Connection {
  readonly #socket: Socket;
  readonly #onFree: () => void;
  #due: Due | undefined;
  #received = '';

  constructor(port: number, onFree: () => void) {
    this.#onFree = onFree;
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true });
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (text: string) => this.#read(text));
    // What was asked is counted as never answered.
    this.#socket.on('error', () => undefined);
  }

  ask(due: Due): void {
    this.#due = due;
    this.#socket.write(request, 'latin1');
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(text: string): void {
    this.#received += text;
    const headEnd = this.#received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(this.#received)?.[1]);
    if (!(this.#received.length >= headEnd + 4 + length)) return;
    if (this.#received.startsWith('HTTP/1.1 200')) this.#due?.answered();
    this.#due = undefined;
    this.#received = '';
    this.#onFree();
  }
}
