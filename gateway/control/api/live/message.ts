/** Owns one message of a stream of server-sent events: its text, and that text compressed once, however many read it. */
import { deflatedPiece, type Piece } from './gzip.ts';

export class Message implements Piece {
  readonly event: string;
  /** JSON: it has no line breaks of its own, so one `data` line holds it. */
  readonly data: string;
  readonly id: string | undefined;
  #deflated: Buffer | undefined;

  constructor(event: string, data: string, id?: string) {
    this.event = event;
    this.data = data;
    this.id = id;
  }

  get text(): string {
    const id = this.id === undefined ? '' : `id: ${this.id}\n`;
    return `${id}event: ${this.event}\ndata: ${this.data}\n\n`;
  }

  get deflated(): Buffer {
    this.#deflated ??= deflatedPiece(this.text);
    return this.#deflated;
  }
}
