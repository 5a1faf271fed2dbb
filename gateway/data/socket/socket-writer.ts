/** Owns what is written to a socket: small pieces joined as text, large ones gathered in buffers that are used again. */
import type { Socket } from 'node:net';
import { atTurnsEnd, type Flushable } from './turn.ts';

/** Up to this many octets leave as one string: cheaper than a buffer that has to be found and given back. */
const textOctets = 8 * 1024;

const chunkOctets = 64 * 1024;

/** Most chunks kept for later. */
const maxSpare = 64;

/** A buffer that comes back when the socket has let go of it. */
class Chunk {
  readonly buffer = Buffer.allocUnsafeSlow(chunkOctets);
  readonly release = (): void => {
    if (spare.length < maxSpare) spare.push(this);
  };
}

const spare: Chunk[] = [];

/** All that was written in one turn of the event loop leaves together at its end, or at `flush`. */
export class SocketWriter implements Flushable {
  readonly #socket: Socket;
  /** Octets, one a character. */
  #text = '';
  /** The octets that come after `#text`, which is empty by then. */
  #chunk: Chunk | undefined;
  #used = 0;
  #isWaiting = false;
  /** Whether anything of this message is with the socket. */
  #hasLeft = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Whether the other side keeps up; once it does again, the socket says `drain`. */
  get hasRoom(): boolean {
    return !this.#socket.writableNeedDrain;
  }

  /** Whether everything is with the kernel. */
  get isEmpty(): boolean {
    return this.#text === '' && this.#chunk === undefined && this.#socket.writableLength === 0;
  }

  /** Says that a message begins: what `retract` takes back. */
  begin(): void {
    this.#hasLeft = false;
  }

  /** Takes back what was written since `begin`, where none of it has left. */
  retract(): boolean {
    if (this.#hasLeft) return false;
    this.#text = '';
    this.#used = 0;
    this.#chunk?.release();
    this.#chunk = undefined;
    return true;
  }

  text(text: string): void {
    if (this.#chunk === undefined) this.#text += text;
    else if (this.#used + text.length <= chunkOctets) {
      this.#used += this.#chunk.buffer.write(text, this.#used, 'latin1');
    } else {
      this.#release();
      this.#text = text;
    }
    this.#wait();
  }

  /** `bytes` are copied. */
  bytes(bytes: Uint8Array): void {
    if (this.#chunk === undefined && this.#text.length + bytes.length <= textOctets) {
      this.#text += textOf(bytes);
    } else this.#gather(bytes);
    this.#wait();
  }

  /** The same as `text` and `flush`, for what is whole already. */
  last(text: string): void {
    this.#isWaiting = true;
    this.text(text);
    this.flush();
  }

  /** Hands over everything at once. */
  flush(): void {
    this.#isWaiting = false;
    this.#release();
  }

  #wait(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    atTurnsEnd(this);
  }

  #gather(bytes: Uint8Array): void {
    if (this.#text.length > chunkOctets) this.#release();
    let chunk = this.#chunk;
    if (chunk === undefined) {
      chunk = this.#next();
      this.#used = chunk.buffer.write(this.#text, 0, 'latin1');
      this.#text = '';
    }
    for (let at = 0; ; ) {
      const taken = Math.min(bytes.length - at, chunkOctets - this.#used);
      const part = taken === bytes.length ? bytes : bytes.subarray(at, at + taken);
      chunk.buffer.set(part, this.#used);
      this.#used += taken;
      at += taken;
      if (at === bytes.length) return;
      this.#release();
      chunk = this.#next();
    }
  }

  #next(): Chunk {
    this.#chunk = spare.pop() ?? new Chunk();
    this.#used = 0;
    return this.#chunk;
  }

  #release(): void {
    const socket = this.#socket;
    const chunk = this.#chunk;
    if (chunk !== undefined) {
      this.#hasLeft = true;
      this.#chunk = undefined;
      socket.write(chunk.buffer.subarray(0, this.#used), chunk.release);
    } else if (this.#text !== '') {
      this.#hasLeft = true;
      const text = this.#text;
      this.#text = '';
      socket.write(text, 'latin1');
    }
  }
}

function textOf(bytes: Uint8Array): string {
  const buffer =
    bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return buffer.toString('latin1');
}
