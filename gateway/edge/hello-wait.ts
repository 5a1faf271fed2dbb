/** Owns the wait for a connection's ClientHello: read as it comes, within a time, and refused when it is none. */
import type { Socket } from 'node:net';
import type { ClientSide } from '../proxy/client-ground.ts';
import { type Sweep, Timed } from '../proxy/sweep.ts';
import type { ClientHello } from '../wire/tls/client-hello.ts';
import { ClientHelloReader } from '../wire/tls/client-hello-reader.ts';

/** What becomes of a connection; told once, and not at all of one that went by itself. */
export interface HelloTaker {
  /** The socket is paused, and nobody listens to it any more; `octets` are all that was read from it. */
  onHello(socket: Socket, hello: ClientHello, octets: Buffer): void;
  /** What came is no hello, or came too slowly. */
  onNoHello(socket: Socket, what: string): void;
  /** It is over, before the above or after: it need not be kept any longer. */
  onLeft(wait: HelloWait): void;
}

export class HelloWait extends Timed implements ClientSide {
  place = -1;
  /** Nothing was asked yet. */
  readonly isIdle = true;
  readonly #socket: Socket;
  readonly #sweep: Sweep;
  readonly #taker: HelloTaker;
  readonly #reader = new ClientHelloReader();
  readonly #onData = (octets: Buffer): void => this.#read(octets);
  readonly #onEnd = (): void => this.#ended();
  readonly #onGone = (): void => this.#leave();

  /** `limitMs` is the most time for the whole hello. The socket's errors must be listened to. */
  constructor(socket: Socket, sweep: Sweep, limitMs: number, taker: HelloTaker) {
    super();
    this.#socket = socket;
    this.#sweep = sweep;
    this.#taker = taker;
    sweep.refresh();
    sweep.in(this, limitMs);
    socket.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onGone);
  }

  onDue(): void {
    this.#refuse('The ClientHello took too long');
  }

  drain(): void {
    this.destroy();
  }

  destroy(): void {
    this.#leave();
    this.#socket.destroy();
  }

  #read(octets: Buffer): void {
    const step = this.#reader.read(octets);
    if (step.kind === 'more') return;
    if (step.kind === 'refused') {
      this.#refuse(step.what);
      return;
    }
    this.#socket.pause();
    this.#leave();
    this.#taker.onHello(this.#socket, step.hello, this.#reader.octets);
  }

  #ended(): void {
    // Somebody looked whether the port is open.
    if (this.#reader.octets.length === 0) this.destroy();
    else this.#refuse('The client closed before it had said hello');
  }

  #refuse(what: string): void {
    this.#leave();
    this.#taker.onNoHello(this.#socket, what);
  }

  #leave(): void {
    this.#sweep.cancel(this);
    this.#socket.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onGone);
    this.#taker.onLeft(this);
  }
}
