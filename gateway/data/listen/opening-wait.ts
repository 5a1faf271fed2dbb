/** Owns the wait for the octets that a connection has to begin with: read as they come, within a time, and refused when they are others. */
import type { Socket } from 'node:net';
import { Timed, type TimingWheel } from '../../../core/timing-wheel.ts';
import type { ClientGround, ClientSide } from '../client/client-ground.ts';

/** Tells what octets are, as they come. */
interface OpeningReader<T> {
  /** All octets that were read. */
  readonly octets: Buffer;
  read(
    octets: Buffer,
  ):
    | { readonly kind: 'more' }
    | { readonly kind: 'whole'; readonly whole: T }
    | { readonly kind: 'refused'; readonly what: string };
}

/** Is told once what becomes of a connection; not at all of one that closed by itself. */
interface OpeningTaker<T> {
  /** The socket is paused, and nobody listens to it any more. */
  onWhole(whole: T): void;
  /** The opening was another than expected, or came too slowly. */
  onRefused(what: string): void;
}

interface OpeningWaitOptions<T> {
  /** The opening that is waited for, to begin a sentence with. */
  readonly name: string;
  readonly reader: OpeningReader<T>;
  /** The most time for the whole of it. */
  readonly limitMs: number;
}

export class OpeningWait<T> extends Timed implements ClientSide {
  place = -1;
  /** No request was made yet. */
  readonly isIdle = true;
  readonly #socket: Socket;
  readonly #wheel: TimingWheel;
  readonly #connections: ClientGround['connections'];
  readonly #name: string;
  readonly #reader: OpeningReader<T>;
  readonly #taker: OpeningTaker<T>;
  readonly #onData = (octets: Buffer): void => this.#read(octets);
  readonly #onEnd = (): void => this.#ended();
  readonly #onGone = (): void => this.#leave();

  /** The socket's errors must be listened to. */
  constructor(
    socket: Socket,
    { wheel, connections }: Pick<ClientGround, 'wheel' | 'connections'>,
    { name, reader, limitMs }: OpeningWaitOptions<T>,
    taker: OpeningTaker<T>,
  ) {
    super();
    this.#socket = socket;
    this.#wheel = wheel;
    this.#connections = connections;
    this.#name = name;
    this.#reader = reader;
    this.#taker = taker;
    connections.add(this);
    wheel.refresh();
    wheel.in(this, limitMs);
    socket.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onGone).resume();
  }

  onDue(): void {
    this.#refuse(`${this.#name} took too long`);
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
    this.#taker.onWhole(step.whole);
  }

  #ended(): void {
    // Somebody looked whether the port is open.
    if (this.#reader.octets.length === 0) this.destroy();
    else this.#refuse(`${this.#name} was cut short`);
  }

  #refuse(what: string): void {
    this.#leave();
    this.#taker.onRefused(what);
  }

  #leave(): void {
    this.#wheel.cancel(this);
    this.#connections.delete(this);
    this.#socket.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onGone);
  }
}
