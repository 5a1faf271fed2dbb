/** Owns WINDOW_UPDATE frames that come in: they widen what we may send, on a stream or on the connection (RFC 9113 section 6.9). */
import type { IdleFrame } from './failure-cause.ts';
import type { Floods } from './floods.ts';
import { errorCode } from './protocol.ts';
import type { Stream } from './stream.ts';
import type { Streams } from './streams.ts';

/** The connection that WINDOW_UPDATE is received on, as its receiver needs it. */
export interface WindowOwner {
  fail(code: number, what: string): void;
  /** A stream fails by what came. */
  failStream(stream: Stream, code: number, what: string): void;
  /** Whether nobody has opened the stream yet (section 5.1). */
  isIdle(id: number): boolean;
  readonly floods: Floods;
  /** A frame that carries nothing came. False when it was one too many: then the connection is over. */
  spendIdle(cost: number, what: IdleFrame): boolean;
}

export class WindowReceiver {
  readonly #owner: WindowOwner;
  readonly #streams: Streams;

  constructor(owner: WindowOwner, streams: Streams) {
    this.#owner = owner;
    this.#streams = streams;
  }

  onWindowUpdate(id: number, increment: number): void {
    const owner = this.#owner;
    const { sender, open } = this.#streams;
    owner.floods.sent(sender.frames);
    if (!owner.spendIdle(1, 'WINDOW_UPDATE')) return;
    const stream = open.get(id);
    if (id === 0) {
      if (increment === 0) owner.fail(errorCode.protocolError, 'WINDOW_UPDATE by nothing');
      else if (!sender.widen(increment))
        owner.fail(errorCode.flowControlError, 'the window of the connection overflows');
    } else if (stream === undefined) {
      if (owner.isIdle(id)) owner.fail(errorCode.protocolError, 'WINDOW_UPDATE for an idle stream');
    } else if (increment === 0)
      owner.failStream(stream, errorCode.protocolError, 'WINDOW_UPDATE by nothing');
    else {
      stream.isWidened = true;
      if (!sender.widenStream(stream, increment))
        owner.failStream(stream, errorCode.flowControlError, 'the window overflows');
    }
  }
}
