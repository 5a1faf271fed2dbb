/** Owns one request to an endpoint while it is under way: its outcome, told once, and its response's body. */
import type { Readable } from 'node:stream';
import { messageOf } from '../../core/errors.ts';
import type { ResponseHead } from '../wire/http1/response-head.ts';
import { type BodySource, IncomingBody } from './incoming-body.ts';
import type { Fields, Outcome, TryOptions } from './message.ts';
import type { OutgoingRequest } from './outgoing-request.ts';

/** What carries it. */
export interface Carrier {
  resume(): void;
  destroy(): void;
}

export class EndpointTry implements BodySource {
  readonly request: OutgoingRequest;
  readonly requestBody: Readable | undefined;
  readonly #address: string;
  readonly #signal: AbortSignal;
  readonly #settle: (outcome: Outcome) => void;
  #carrier: Carrier | undefined;
  /** Whether anything may have been written. */
  #isSent = false;
  #isSettled = false;
  #body: IncomingBody | undefined;

  constructor(
    address: string,
    request: OutgoingRequest,
    requestBody: Readable | undefined,
    { signal }: TryOptions,
    settle: (outcome: Outcome) => void,
  ) {
    this.#address = address;
    this.request = request;
    this.requestBody = requestBody;
    this.#signal = signal;
    this.#settle = settle;
    signal.addEventListener('abort', this.#onAbort, { once: true });
    if (signal.aborted) this.#onAbort();
  }

  /** Whether somebody still waits for it. */
  get isOpen(): boolean {
    return !this.#isSettled;
  }

  /** From now on it rests with `carrier`, which will write it if it is still open by then. */
  entrust(carrier: Carrier): void {
    this.#carrier = carrier;
  }

  /** Its first octet is about to be written: a failure from here on may have reached the endpoint. */
  sending(): void {
    this.#isSent = true;
  }

  answered(head: ResponseHead): void {
    const body = new IncomingBody(this);
    this.#body = body;
    this.#conclude({
      kind: 'response',
      status: head.status,
      fields: head.fields.list(),
      body,
      trailers: () => body.trailers,
    });
  }

  received(data: Buffer): boolean {
    return this.#body?.add(data) ?? true;
  }

  finished(trailers: Fields): void {
    this.#body?.finish(trailers);
  }

  failed(error: Error): void {
    if (this.#isSettled) this.#body?.break(error);
    else this.#conclude(this.#failure(error));
  }

  onWanted(): void {
    this.#carrier?.resume();
  }

  onUnwanted(): void {
    this.#carrier?.destroy();
  }

  readonly #onAbort = (): void => {
    if (this.#isSettled) return;
    this.#conclude(this.#failure(new Error('stopped waiting')));
    this.#carrier?.destroy();
  };

  #failure(error: Error): Outcome {
    const timedOut = this.#signal.aborted;
    return {
      kind: 'failed',
      sent: this.#isSent ? 'maybe' : 'no',
      code: timedOut ? 'UPSTREAM_TIMED_OUT' : 'UPSTREAM_FAILED',
      what: timedOut
        ? `${this.#address} has not answered in time`
        : `${this.#address}: ${messageOf(error)}`,
      cause: error,
    };
  }

  #conclude(outcome: Outcome): void {
    this.#isSettled = true;
    this.#signal.removeEventListener('abort', this.#onAbort);
    if (outcome.kind === 'failed') this.requestBody?.destroy();
    this.#settle(outcome);
  }
}
