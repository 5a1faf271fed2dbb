/** Owns a request body that may have to be sent more than once: a bounded beginning is kept, the rest flows through. */
import { Readable } from 'node:stream';

/** Most of a body kept for another try, in bytes. */
export const replayLimit = 64 * 1024;

/** How reading the client's body ended, or 'open' while it has not. */
export type BodyState = 'open' | 'ended' | 'broken' | 'too-large';

interface Reader {
  readonly stream: Readable;
  /** Kept chunks that this reader has not seen yet. */
  readonly backlog: Buffer[];
}

/**
 * Wraps a client's body. Each try reads it through its own `open()`; at most one is open at a time.
 * Back-pressure reaches the client: nothing is read that the open try has not asked for.
 */
export class ReplayBody {
  readonly #source: Readable;
  readonly #maxBytes: number;
  readonly #onEnd: () => void;
  #kept: Buffer[] = [];
  #received = 0;
  #state: BodyState = 'open';
  #reader: Reader | undefined;
  #unwanted = false;

  /** `maxBytes` 0 = no limit. `onEnd` is called once, when the client has sent all of it. */
  constructor(source: Readable, maxBytes: number, onEnd: () => void) {
    this.#source = source;
    this.#maxBytes = maxBytes;
    this.#onEnd = onEnd;
    source.on('data', (chunk: Buffer) => this.#receive(chunk));
    source.on('end', () => this.#finish('ended'));
    source.on('error', () => this.#finish('broken'));
    source.on('close', () => this.#finish('broken'));
    source.pause();
  }

  get state(): BodyState {
    return this.#state;
  }

  /** Whether another try could still send all of it. */
  get replayable(): boolean {
    return this.#received <= replayLimit && (this.#state === 'open' || this.#state === 'ended');
  }

  /** The body from its beginning. Only while `replayable`; the reader opened before is cut off. */
  open(): Readable {
    this.#reader?.stream.destroy();
    const reader: Reader = {
      backlog: this.#kept.slice(),
      stream: new Readable({
        read: () => this.#feed(reader),
        destroy: (error, done) => {
          if (this.#reader === reader) {
            this.#reader = undefined;
            if (!this.#unwanted) this.#source.pause();
          }
          done(error);
        },
      }),
    };
    // Whoever reads it hears of an error as well; between two tries nobody does.
    reader.stream.on('error', () => undefined);
    this.#reader = reader;
    return reader.stream;
  }

  /**
   * Reads on and drops what comes: the request is answered, and on HTTP/1.1 the client's next one is behind
   * the rest of this one's body.
   */
  discard(): void {
    this.#unwanted = true;
    this.#kept = [];
    this.#reader?.stream.destroy();
    if (this.#state === 'open') this.#source.resume();
  }

  /** The reader wants more: what was kept first, then what the client sends. */
  #feed(reader: Reader): void {
    for (let chunk = reader.backlog.shift(); chunk; chunk = reader.backlog.shift()) {
      if (!reader.stream.push(chunk)) return;
    }
    if (this.#reader !== reader) return;
    if (this.#state === 'ended') reader.stream.push(null);
    else if (this.#state === 'open') this.#source.resume();
    else reader.stream.destroy(new Error(`request body ${this.#state}`));
  }

  #receive(chunk: Buffer): void {
    if (this.#unwanted) return;
    this.#received += chunk.length;
    if (this.#received <= replayLimit) this.#kept.push(chunk);
    else this.#kept = [];
    const reader = this.#reader;
    if (this.#maxBytes > 0 && this.#received > this.#maxBytes) {
      this.#source.pause();
      this.#finish('too-large');
    } else if (reader === undefined) {
      this.#source.pause();
    } else if (reader.backlog.length > 0) {
      reader.backlog.push(chunk);
      this.#source.pause();
    } else if (!reader.stream.push(chunk)) {
      this.#source.pause();
    }
  }

  #finish(state: Exclude<BodyState, 'open'>): void {
    if (this.#state !== 'open') return;
    this.#state = state;
    if (state === 'ended') {
      this.#onEnd();
      if (this.#reader?.backlog.length === 0) this.#reader.stream.push(null);
    } else {
      this.#reader?.stream.destroy(new Error(`request body ${state}`));
    }
  }
}
