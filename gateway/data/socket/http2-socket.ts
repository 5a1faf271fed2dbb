/** Owns the way between an HTTP/2 connection and its socket: octets that come go in at once, those of one turn of the event loop leave in one write. */
import type { Socket } from 'node:net';
import type { Clock } from '../../../core/clock.ts';
import type { ConnectionEnd } from '../wire/http2/api.ts';
import type { Connection } from '../wire/http2/connection.ts';
import type { ConnectionContext, ConnectionOptions } from '../wire/http2/options.ts';
import { OutputPool } from '../wire/http2/output.ts';
import type { Reader } from './intake.ts';
import { atTurnsEnd, type Flushable } from './turn.ts';

/** How long the other side has to close, once all was sent. */
const lingerMs = 1_000;

const pool = new OutputPool();

export class Http2Socket implements Reader, Flushable {
  readonly #socket: Socket;
  readonly #clock: Clock;
  #connection: Connection | undefined;
  /** A turn is being written: the next one waits for it. */
  #busy = false;
  #scheduled = false;
  #turn: Buffer | undefined;
  #ending = false;
  #why = 'the other side closed the connection';
  #cancelSettingsTimer: (() => void) | undefined;

  constructor(socket: Socket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
  }

  /** The context to make a connection on this socket with. */
  context(options: ConnectionOptions): ConnectionContext {
    return { options, pool, now: this.#clock.monotonic() };
  }

  /** From now on it is there for `connection`, whose `onOutput` and `onEnd` come here. */
  carry(connection: Connection): void {
    const socket = this.#socket;
    this.#connection = connection;
    // One write holds the frames of a whole turn: there is nothing to wait for.
    socket.setNoDelay(true);
    socket.on('error', (error) => {
      this.#why = error.message;
    });
    socket.once('end', () => connection.lost(this.#why));
    socket.once('close', () => {
      this.#cancelSettingsTimer?.();
      connection.lost(this.#why);
    });
    this.#cancelSettingsTimer = this.#clock.after(connection.settingsTimeoutMs, () => {
      this.#cancelSettingsTimer = undefined;
      connection.onSettingsDue();
    });
  }

  /** Takes what was read; nothing of it is kept. Always true: windows hold the other side back, not the socket. */
  onRead(buffer: Buffer, end: number): boolean {
    const connection = this.#connection as Connection;
    if (!connection.over) connection.receive(buffer, this.#clock.monotonic(), end);
    return true;
  }

  onOutput(): void {
    if (this.#busy || this.#scheduled) return;
    this.#scheduled = true;
    atTurnsEnd(this);
  }

  /** Sends what is left, when there is still somebody to send it to, and closes. */
  onEnd(end: ConnectionEnd): void {
    if (end.kind === 'lost') {
      this.#socket.destroy();
      return;
    }
    this.finish();
  }

  /** Sends the octets that wait, and closes. */
  finish(): void {
    this.#ending = true;
    const cancel = this.#clock.after(lingerMs, () => this.#socket.destroy());
    this.#socket.once('close', cancel);
    this.onOutput();
  }

  /** The turn is over. */
  flush(): void {
    this.#scheduled = false;
    this.#send();
  }

  #send(): void {
    if (this.#busy || this.#socket.destroyed) return;
    // Set before, lest what is told meanwhile asks for another turn.
    this.#busy = true;
    this.#turn = this.#connection?.take();
    if (this.#turn !== undefined) {
      this.#socket.write(this.#turn, this.#sent);
      return;
    }
    this.#busy = false;
    // Whatever the other side does by then: nothing more of it is wanted.
    if (this.#ending) this.#socket.destroySoon();
  }

  /** The turn is with the system: its memory is free, and more may follow at once. */
  readonly #sent = (): void => {
    if (this.#turn !== undefined) this.#connection?.recycle(this.#turn);
    this.#turn = undefined;
    this.#busy = false;
    this.#send();
  };
}
