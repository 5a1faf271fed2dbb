/** Owns a caller in tests: one try's request, and everything that is told of it, written down. */
import type { Call, CallHandler } from '../../../../gateway/data/message/call.ts';
import type {
  FailedTry,
  Fields,
  OutgoingFields,
  OutgoingRequest,
  ResponseHead,
} from '../../../../gateway/data/message/message.ts';
import { fieldLines } from '../../../../gateway/data/wire/http1/field-lines.ts';
import { until } from '../../../support/until.ts';

export function outgoing(list: Fields): OutgoingFields {
  return { list: () => list, lines: () => fieldLines(list) };
}

/** A request for `/` of a service, changed by `change`. */
export function requestFor(change: Partial<OutgoingRequest> = {}): OutgoingRequest {
  return {
    method: 'GET',
    scheme: 'http',
    authority: 'orders.shop.acme',
    path: '/',
    fields: outgoing([]),
    bodyLength: 'none',
    expectsContinue: false,
    tunnel: undefined,
    ...change,
  };
}

/** Reads as fast as it is told, unless `isReading` is false. */
export class Probe implements CallHandler {
  call: Call | undefined;
  readonly interim: number[] = [];
  head: ResponseHead | undefined;
  readonly pieces: Buffer[] = [];
  trailers: Fields | undefined;
  failure: FailedTry | undefined;
  writables = 0;
  doubts = 0;
  isReading = true;

  /** Sends with `send`, and is told of what comes of it. */
  static of(send: (handler: CallHandler) => Call): Probe {
    const probe = new Probe();
    probe.call = send(probe);
    return probe;
  }

  get body(): string {
    return Buffer.concat(this.pieces).toString('latin1');
  }

  onInterim(status: number): boolean {
    this.interim.push(status);
    return this.isReading;
  }

  onResponse(head: ResponseHead): void {
    this.head = head;
  }

  onBody(bytes: Buffer): boolean {
    this.pieces.push(Buffer.from(bytes));
    return this.isReading;
  }

  onEnd(trailers: Fields): void {
    if (this.trailers !== undefined) throw new Error('ended twice');
    this.trailers = trailers;
  }

  onFailed(failure: FailedTry): void {
    if (this.failure !== undefined) throw new Error('failed twice');
    this.failure = failure;
  }

  onDoubted(): void {
    this.doubts++;
  }

  onWritable(): void {
    this.writables++;
  }

  /** Waits for the end of the response. */
  async whole(): Promise<this> {
    await until('the response is whole', () => {
      if (this.failure !== undefined) throw new Error(this.failure.what);
      return this.trailers !== undefined;
    });
    return this;
  }

  /** Waits for the failure. */
  async failed(): Promise<FailedTry> {
    await until('the try has failed', () => this.failure !== undefined);
    return this.failure as FailedTry;
  }

  /** Waits for the head. */
  async answered(): Promise<ResponseHead> {
    await until('there is a head', () => {
      if (this.failure !== undefined) throw new Error(this.failure.what);
      return this.head !== undefined;
    });
    return this.head as ResponseHead;
  }

  /** Writes all of `bytes` at the pace that the call sets, then ends. */
  async upload(bytes: Buffer, trailers?: Fields): Promise<void> {
    const piece = 65_536;
    for (let at = 0; at < bytes.length; at += piece) {
      const { writables } = this;
      const goesOn = this.call?.write(bytes.subarray(at, at + piece));
      if (goesOn === false) await until('there is room', () => this.writables > writables);
    }
    this.call?.end(trailers);
  }
}
