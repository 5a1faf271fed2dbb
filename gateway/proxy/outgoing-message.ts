/** Owns sending one message: its head and first content in one write, the rest under back-pressure, its end. */
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { chunkEnd, chunkStart, lastChunk } from '../wire/http1/encode.ts';
import type { Framing } from '../wire/http1/framing.ts';
import { isFieldContent, isToken } from '../wire/http1/grammar.ts';
import { mayBeTrailer } from '../wire/http1/trailers.ts';
import type { Fields } from './message.ts';

/** `body-broke`: it broke, or was not as long as announced. `cut`: the connection closed before. */
export type Delivery = 'whole' | 'body-broke' | 'cut';

/** Content up to this many bytes is copied to lie beside its framing; more is handed over as it is. */
const copiedBytes = 8 * 1024;

export interface OutgoingOptions {
  readonly head: string;
  readonly framing: Framing;
  readonly body: Readable;
  readonly trailers: () => Fields;
  /** Called with every write. */
  readonly onMoved: () => void;
  /** Called once; when whole, every octet is with the kernel. The body is destroyed unless it ended. */
  readonly onDone: (how: Delivery) => void;
}

/** Its connection tells it of `drain` and of its end. */
export class OutgoingMessage {
  readonly #socket: Socket;
  readonly #options: OutgoingOptions;
  readonly #isChunked: boolean;
  /** Content still announced. */
  #left: number;
  /** Octets, one a character, that leave with the next write: at the latest when this turn's work is done. */
  #held: string;
  #isFlushing = false;
  #isOver = false;

  constructor(socket: Socket, options: OutgoingOptions) {
    const { head, framing } = options;
    this.#socket = socket;
    this.#options = options;
    this.#isChunked = framing.kind === 'chunked';
    this.#left = framing.kind === 'length' ? framing.bytes : framing.kind === 'none' ? 0 : Infinity;
    this.#held = head;
  }

  start(): void {
    const { body } = this.#options;
    if (body.destroyed && !body.readableEnded) {
      this.#conclude('body-broke');
      return;
    }
    body.on('error', this.#onBroken);
    body.on('close', this.#onBroken);
    body.on('end', this.#onEnd);
    body.on('data', this.#onData);
    this.#flushSoon();
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  drained(): void {
    if (!this.#isOver) this.#options.body.resume();
  }

  /** The connection has closed. */
  cut(): void {
    this.#conclude('cut');
  }

  readonly #onData = (data: Buffer): void => {
    if (this.#isOver) return;
    this.#left -= data.length;
    if (this.#left < 0) {
      this.#conclude('body-broke');
      return;
    }
    if (data.length === 0) return;
    if (this.#isChunked) this.#held += chunkStart(data.length);
    if (data.length <= copiedBytes) {
      this.#held += data.toString('latin1');
      if (this.#isChunked) this.#held += chunkEnd;
      if (this.#held.length >= copiedBytes) this.#flush();
      else this.#flushSoon();
    } else this.#writeLarge(data);
  };

  readonly #onEnd = (): void => {
    if (this.#isOver) return;
    if (this.#left > 0 && this.#left !== Infinity) {
      this.#conclude('body-broke');
      return;
    }
    if (this.#isChunked) this.#held += lastChunk(sendable(this.#options.trailers()));
    this.#flush();
    if (this.#socket.writableLength === 0) this.#conclude('whole');
    else this.#socket.write('', (error) => this.#conclude(error ? 'cut' : 'whole'));
  };

  readonly #onBroken = (): void => {
    if (!this.#options.body.readableEnded) this.#conclude('body-broke');
  };

  #writeLarge(data: Buffer): void {
    const socket = this.#socket;
    socket.cork();
    this.#flush();
    const goesOn = socket.write(data);
    if (this.#isChunked) this.#held += chunkEnd;
    this.#flush();
    socket.uncork();
    if (!goesOn) this.#options.body.pause();
  }

  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    process.nextTick(flushNow, this);
  }

  /** For `flushNow`. */
  flushHeld(): void {
    this.#isFlushing = false;
    if (!this.#isOver) this.#flush();
  }

  #flush(): void {
    if (this.#held === '') return;
    const text = this.#held;
    this.#held = '';
    this.#options.onMoved();
    if (!this.#socket.write(text, 'latin1')) this.#options.body.pause();
  }

  #conclude(how: Delivery): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { body, onDone } = this.#options;
    if (how !== 'whole') body.destroy();
    onDone(how);
  }
}

/** Leaves out what may only be in a head. */
function sendable(trailers: Fields): Fields {
  const kept: string[] = [];
  for (let i = 0; i < trailers.length; i += 2) {
    const name = trailers[i] ?? '';
    const value = trailers[i + 1] ?? '';
    if (isToken(name) && isFieldContent(value) && mayBeTrailer(name)) kept.push(name, value);
  }
  return kept;
}

function flushNow(message: OutgoingMessage): void {
  message.flushHeld();
}
