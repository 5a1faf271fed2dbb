/** Owns one answer of server-sent events: its heartbeat, and a bounded buffer for a reader that doesn't keep up. */
import type { ServerResponse } from 'node:http';
import type { Clock } from '../../../core/clock.ts';

/** A comment this often shows both ends that the other is there. */
const heartbeatMs = 10_000;
/** How soon a browser comes back, in milliseconds. */
const comeBackMs = 2_000;
/** What may wait for a reader, beyond the snapshots it began with. */
const maxWaiting = 1024 * 1024;
/** A reader that has been told to come back has this long to hear it. */
const goodbyeMs = 5_000;

export interface EventStreamOptions {
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
  #state: 'open' | 'leaving' | 'ended' = 'open';
  #allowed: number;
  #cancel: (() => void) | undefined;

  /** Sends the head at once. */
  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#response = options.response;
    this.#allowed = options.maxWaiting ?? maxWaiting;
    this.#response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
    this.#response.on('close', () => this.#ended());
    this.#response.write(`retry: ${comeBackMs}\n\n`);
    this.#beat();
  }

  /** What a reader begins with may be large: it counts as allowed. */
  sendFirst(event: string, data: string, id?: string): void {
    if (this.#state !== 'open') return;
    const text = frame(event, data, id);
    this.#allowed += text.length;
    this.#response.write(text);
  }

  send(event: string, data: string, id?: string): void {
    if (this.#state !== 'open') return;
    if (this.#response.writableLength > this.#allowed) this.cut('slow');
    else this.#response.write(frame(event, data, id));
  }

  /** Tells the reader to come back, and ends; one that hears nothing is disconnected. */
  cut(reason: 'slow' | 'closing'): void {
    if (this.#state !== 'open') return;
    this.#state = 'leaving';
    this.#cancel?.();
    this.#response.end(frame('reconnect', JSON.stringify({ reason })));
    this.#cancel = this.#options.clock.after(goodbyeMs, () => this.#response.destroy());
  }

  #beat(): void {
    this.#cancel = this.#options.clock.after(heartbeatMs, () => {
      if (this.#response.writableLength > this.#allowed) return this.cut('slow');
      this.#response.write(': alive\n\n');
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

/** JSON has no line breaks of its own, so one `data` line holds it. */
function frame(event: string, data: string, id?: string): string {
  const name = id === undefined ? '' : `id: ${id}\n`;
  return `${name}event: ${event}\ndata: ${data}\n\n`;
}
