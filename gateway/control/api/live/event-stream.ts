/** Owns one answer of server-sent events: its encoding, its heartbeat, and a bounded buffer for a reader that doesn't keep up. */
import type { ServerResponse } from 'node:http';
import { negotiate } from '@fastify/accept-negotiator';
import type { Clock } from '../../../../core/clock.ts';
import { deflatedPiece, Gzip, type Piece } from './gzip.ts';
import { Message } from './message.ts';

/** A comment this often shows both ends that the other is there. */
const heartbeatMs = 10_000;
/** How soon a browser comes back, in milliseconds. */
const comeBackMs = 2_000;
/** Most octets that may wait for a reader, beyond the snapshots it began with. */
const maxWaiting = 1024 * 1024;
/** A reader that has been told to come back has this long to hear it. */
const goodbyeMs = 5_000;

const greeting = constantPiece(`retry: ${comeBackMs}\n\n`);
const heartbeat = constantPiece(': alive\n\n');

interface EventStreamOptions {
  readonly response: ServerResponse;
  readonly clock: Clock;
  /** The reader is gone, or was cut off. */
  onEnd(): void;
  /** Bytes that may wait; default 1 MiB. */
  readonly maxWaiting?: number;
}

export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #response: ServerResponse;
  /** Present for a reader that accepts gzip. */
  readonly #gzip: Gzip | undefined;
  #state: 'open' | 'leaving' | 'ended' = 'open';
  #allowed: number;
  #cancel: (() => void) | undefined;

  /** Sends the head at once. */
  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#response = options.response;
    this.#allowed = options.maxWaiting ?? maxWaiting;
    const accepted = this.#response.req.headers['accept-encoding'];
    if (negotiate(accepted ?? '', ['gzip', 'identity']) === 'gzip') this.#gzip = new Gzip();
    this.#response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      ...(this.#gzip && { 'content-encoding': 'gzip' }),
      vary: 'accept-encoding',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
    this.#response.on('close', () => this.#ended());
    if (this.#gzip) this.#response.write(this.#gzip.head);
    this.#write(greeting);
    this.#beat();
  }

  /** Sends a snapshot that a reader begins with: however large, it counts as allowed. */
  sendFirst(message: Message): void {
    if (this.#state === 'open') this.#allowed += this.#write(message);
  }

  send(message: Message): void {
    if (this.#state !== 'open') return;
    if (this.#response.writableLength > this.#allowed) this.cut('slow');
    else this.#write(message);
  }

  /** Tells the reader to come back, and ends; one that hears nothing is disconnected. */
  cut(reason: 'slow' | 'closing'): void {
    if (this.#state !== 'open') return;
    this.#write(new Message('reconnect', JSON.stringify({ reason })));
    this.end();
    this.#cancel = this.#options.clock.after(goodbyeMs, () => this.#response.destroy());
  }

  /** Ends it in good order: there is nothing more to tell. */
  end(): void {
    if (this.#state !== 'open') return;
    this.#state = 'leaving';
    this.#cancel?.();
    this.#response.end(this.#gzip?.tail);
  }

  /** Returns the bytes it takes. */
  #write(piece: Piece): number {
    const bytes = this.#gzip ? this.#gzip.piece(piece) : Buffer.from(piece.text);
    this.#response.write(bytes);
    return bytes.length;
  }

  #beat(): void {
    this.#cancel = this.#options.clock.after(heartbeatMs, () => {
      if (this.#response.writableLength > this.#allowed) return this.cut('slow');
      this.#write(heartbeat);
      this.#beat();
    });
  }

  #ended(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#cancel?.();
    this.#options.onEnd();
  }
}

function constantPiece(text: string): Piece {
  return { text, deflated: deflatedPiece(text) };
}
