/** Owns the PINGs we wait for (RFC 9113 section 6.7). */
import type { FrameWriter } from './frame-writer.ts';

export class Pings {
  readonly #writer: FrameWriter;
  readonly #waiting = new Map<number, () => void>();
  #sent = 0;

  constructor(writer: FrameWriter) {
    this.#writer = writer;
  }

  /** Sends one; `answered` is called when it was. */
  send(answered: () => void): void {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(++this.#sent, 4);
    this.#waiting.set(this.#sent, answered);
    this.#writer.ping(payload, false);
  }

  /** An answer came: to one of ours, or else it is passed over. */
  onAck(bytes: Buffer, at: number): void {
    if (bytes.readUInt32BE(at) !== 0) return;
    const number = bytes.readUInt32BE(at + 4);
    const answered = this.#waiting.get(number);
    this.#waiting.delete(number);
    answered?.();
  }
}
