/** Owns the way between an HTTP/2 connection and its socket: what comes goes in at once, what a turn of the event loop made leaves in one write. */
import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import type { ConnectionEnd } from '../wire/http2/api.ts';
import type { Connection } from '../wire/http2/connection.ts';
import type { ConnectionContext, ConnectionOptions } from '../wire/http2/options.ts';
import { OutputPool } from '../wire/http2/output.ts';

const tickMs = 1_000;

/** How long the other side has to close, once all was sent. */
const lingerMs = 1_000;

const pool = new OutputPool();

export class LinkSocket {
  readonly #socket: Socket;
  readonly #clock: Clock;
  #connection: Connection | undefined;
  /** A turn is being taken, or written: the next one waits for it. */
  #busy = false;
  #turn: Buffer | undefined;
  #ending = false;
  #why = 'the other side closed the connection';
  #cancelTick: () => void = () => undefined;

  constructor(socket: Socket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
  }

  /** What a connection on it is made with. */
  context(options: ConnectionOptions): ConnectionContext {
    return { options, pool, now: this.#clock.monotonic() };
  }

  /** Starts to read for `connection`, whose `onOutput` and `onEnd` come here. */
  carry(connection: Connection): void {
    const socket = this.#socket;
    this.#connection = connection;
    // What is written is a whole turn: there is nothing to wait for.
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => {
      if (!connection.over) connection.receive(bytes, this.#clock.monotonic());
    });
    socket.on('error', (error) => {
      this.#why = error.message;
    });
    socket.once('end', () => connection.lost(this.#why));
    socket.once('close', () => {
      this.#cancelTick();
      connection.lost(this.#why);
    });
    this.#tickLater(connection);
  }

  onOutput(): void {
    if (!this.#busy) setImmediate(this.#send);
  }

  /** Sends what is left, when there is still somebody to send it to, and closes. */
  onEnd(end: ConnectionEnd): void {
    this.#cancelTick();
    if (end.kind === 'lost') {
      this.#socket.destroy();
      return;
    }
    this.#ending = true;
    const cancel = this.#clock.after(lingerMs, () => this.#socket.destroy());
    this.#socket.once('close', cancel);
    this.onOutput();
  }

  readonly #send = (): void => {
    if (this.#busy || this.#socket.destroyed) return;
    this.#busy = true;
    this.#turn = this.#connection?.take();
    if (this.#turn !== undefined) {
      this.#socket.write(this.#turn, this.#sent);
      return;
    }
    this.#busy = false;
    if (this.#ending) this.#socket.end();
  };

  /** The turn is with the system: its memory is free, and more may follow at once. */
  readonly #sent = (): void => {
    if (this.#turn !== undefined) this.#connection?.recycle(this.#turn);
    this.#turn = undefined;
    this.#busy = false;
    this.#send();
  };

  #tickLater(connection: Connection): void {
    this.#cancelTick = this.#clock.after(tickMs, () => {
      connection.tick(this.#clock.monotonic());
      if (!connection.over) this.#tickLater(connection);
    });
  }
}
