/** Owns the open streams of a connection: how they send, how credit is given back, how they close. */
import type { Fields, ResponseHead, StreamEnd, StreamHandler } from './api.ts';
import { BrokenStreams } from './broken-streams.ts';
import { FrameWriter } from './frame-writer.ts';
import type { ConnectionOptions } from './options.ts';
import type { Output } from './output.ts';
import { errorCode, initialWindow, max31 } from './protocol.ts';
import { ReceiveWindow } from './receive-window.ts';
import { Sender } from './sender.ts';
import { countOfHead, octetsOfHead, writeFields, writeRest } from './sent-fields.ts';
import { Stream, type StreamOwner } from './stream.ts';
import { StreamTable } from './stream-table.ts';

const complete: StreamEnd = { kind: 'complete' };

/** Octets of a request that are taken after its answer, unread, before it is reset whatever the time. */
const unreadCredit = 1 << 20;

/** Octets of `:status` and its value. */
const statusOctets = 10;

export interface StreamHooks {
  /** A stream has closed. */
  onClosed(): void;
  /** Servers: a request was answered before it was whole. */
  onUnfinished(id: number): void;
  /** Servers: such a request has come to its end. */
  onFinished(): void;
}

export class Streams implements StreamOwner {
  readonly open = new StreamTable();
  readonly writer: FrameWriter;
  readonly sender: Sender;
  /** Octets that the other side may still send on all streams together. */
  readonly window = new ReceiveWindow(initialWindow);
  /** The connection is over: nothing is sent any more. */
  over = false;
  readonly #isServer: boolean;
  readonly #isConsumed: boolean;
  readonly #output: Output;
  readonly #maxUnreadByHeads: number;
  readonly #openWindow: number;
  readonly #broken: BrokenStreams;
  readonly #hooks: StreamHooks;
  /** Windows of new streams, to us and from us, as far as the settings were acknowledged. */
  #receiveWindow = initialWindow;
  #sendWindow = initialWindow;

  constructor(output: Output, options: ConnectionOptions, isServer: boolean, hooks: StreamHooks) {
    this.#isServer = isServer;
    this.#output = output;
    this.#maxUnreadByHeads = options.maxUnreadByHeads;
    this.#openWindow = options.openWindow;
    this.#isConsumed = options.connectionCredit === 'consumed';
    this.writer = new FrameWriter(output, options.huffman);
    this.sender = new Sender(output, this.writer, {
      turnSize: options.turnSize,
      sendBuffer: options.sendBuffer,
      sendBufferAtFirst: options.sendBufferAtFirst,
      windowForSmall: options.windowForSmall,
      onSentEnd: (stream) => this.#sentEnd(stream),
    });
    this.#broken = new BrokenStreams(
      2 * options.maxConcurrentStreams,
      Math.max(initialWindow, options.streamWindow, options.openWindow),
    );
    this.#hooks = hooks;
  }

  create(id: number): Stream {
    const stream = new Stream(id, this, this.#sendWindow, this.#receiveWindow);
    this.open.add(stream);
    return stream;
  }

  /** Sets who is told of a stream, which may have closed while that was found out. */
  attach(stream: Stream, handler: StreamHandler): void {
    stream.handler = handler;
    if (stream.end !== undefined) handler.onClosed(stream, stream.end);
  }

  /** Whether a head may be put behind what waits to be taken: no window holds heads back. */
  get hasRoomForHeads(): boolean {
    return this.#output.length <= this.#maxUnreadByHeads;
  }

  respond(stream: Stream, head: ResponseHead, ends: boolean): void {
    if (!this.hasRoomForHeads) {
      // What comes before the response is a hint: the response may find room again.
      if (head.status >= 200) this.#failUnread(stream);
      return;
    }
    const { writer } = this;
    const { encoder } = writer;
    const { status, start } = head;
    writer.beginBlock(1 + countOfHead(head), statusOctets + octetsOfHead(head));
    if (start === undefined || !encoder.startWith(start)) {
      encoder.field(':status', status === 200 ? '200' : String(status));
      writeFields(writer, head.fields, head.sensitive);
      if (start !== undefined) encoder.keep(start);
    }
    writeRest(writer, head);
    this.sender.endBlock(stream, ends);
    // A tunnel that is refused is none: the answer ends it.
    if (status >= 300) stream.isTunnel = false;
    if (!ends) return;
    stream.ending = true;
    stream.sentEnd = true;
    this.#sentEnd(stream);
  }

  write(stream: Stream, bytes: Uint8Array, ends: boolean): boolean {
    return this.sender.write(stream, bytes, ends);
  }

  trailers(stream: Stream, fields: Fields): void {
    if (this.hasRoomForHeads) this.sender.trailers(stream, fields);
    else this.#failUnread(stream);
  }

  consume(stream: Stream, octets: number): void {
    const given = Math.min(octets, stream.unconsumed);
    stream.unconsumed -= given;
    if (this.#isConsumed) this.giveBack(given);
    if (stream.receivedEnd || stream.end !== undefined) return;
    const increment = stream.receiveWindow.giveBack(given);
    if (increment > 0) this.writer.windowUpdate(stream.id, increment);
  }

  openWindow(stream: Stream): void {
    const { expected, receiveWindow } = stream;
    if (stream.receivedEnd || stream.end !== undefined) return;
    // The rest of a small body has room already.
    if (expected >= 0 && expected <= receiveWindow.left) return;
    const increment = receiveWindow.openTo(this.#openWindow);
    if (increment > 0) this.writer.windowUpdate(stream.id, increment);
  }

  reset(stream: Stream, code: number): void {
    this.fail(stream, code, 'reset here');
  }

  /** Ends a stream by RST_STREAM. */
  fail(stream: Stream, code: number, what: string): void {
    this.refuse(stream.id, code, stream.receivedEnd);
    this.close(stream, { kind: 'reset', code, what });
  }

  /** Sends RST_STREAM; `received`: the other side has ended its part. */
  refuse(id: number, code: number, received: boolean): void {
    this.writer.rstStream(id, code);
    this.passOver(id, received);
  }

  /** Passes over what is still to come on a stream that is none to us any more. */
  passOver(id: number, received: boolean): void {
    if (received) return;
    const forgotten = this.#broken.add(id, 0);
    if (forgotten !== undefined) this.writer.rstStream(forgotten, errorCode.noError);
  }

  /** Whether a frame for a closed stream is to be passed over, not an error (section 5.1). `last`: it ends the stream. */
  passesOver(id: number, last: boolean): boolean {
    const known = this.#broken.has(id);
    if (!last) return known;
    if (this.#broken.giveUp(id)) this.#hooks.onFinished();
    this.#broken.delete(id);
    return known;
  }

  /**
   * Our side has ended. A server that has answered wants no more of the request; a tunnel goes on the other way.
   * What is left of a request is let in for a while: clients that are reset while they send (section 8.1) may
   * never look at the answer, and those that wait for a window would wait for good. Then it is reset all the same: some
   * send no more once they have the answer, and wait for that.
   */
  #sentEnd(stream: Stream): void {
    if (this.#isServer && !stream.receivedEnd && !stream.isTunnel) {
      this.#letIn(stream);
      this.complete(stream);
    } else this.closeIfComplete(stream);
  }

  #failUnread(stream: Stream): void {
    this.fail(stream, errorCode.enhanceYourCalm, 'what is sent is not read');
  }

  #letIn({ id, receiveWindow }: Stream): void {
    const increment = receiveWindow.reopen();
    if (increment > 0) this.writer.windowUpdate(id, increment);
    const forgotten = this.#broken.add(id, unreadCredit);
    if (forgotten !== undefined) this.writer.rstStream(forgotten, errorCode.noError);
    this.#hooks.onUnfinished(id);
  }

  /** The rest of a request that was answered has had its time (section 8.1). */
  giveUp(id: number): void {
    if (!this.over && this.#broken.giveUp(id)) this.writer.rstStream(id, errorCode.noError);
  }

  /** DATA of a stream has come that may be a while until it is consumed. */
  received(octets: number): void {
    if (!this.#isConsumed) this.giveBack(octets);
  }

  /** DATA of a stream that is passed over: it may go on, or it has sent enough. False: it sends more than it may. */
  passOverData(id: number, octets: number): boolean {
    this.giveBack(octets);
    if (octets === 0) return true;
    const verdict = this.#broken.spend(id, octets);
    if (verdict === 'with-credit') this.writer.windowUpdate(id, octets);
    else if (verdict === 'used-up') this.writer.rstStream(id, errorCode.noError);
    return verdict !== 'beyond';
  }

  /** To be called when a side has ended, after the handler was told. */
  closeIfComplete(stream: Stream): void {
    if (stream.sentEnd && stream.receivedEnd) this.complete(stream);
  }

  complete(stream: Stream): void {
    this.close(stream, complete);
  }

  close(stream: Stream, end: StreamEnd): void {
    if (stream.end !== undefined) return;
    stream.end = end;
    this.open.delete(stream);
    stream.queue?.clear();
    stream.queue = undefined;
    if (end.kind !== 'complete') {
      if (this.#isConsumed) this.giveBack(stream.unconsumed);
      stream.unconsumed = 0;
    }
    stream.handler?.onClosed(stream, end);
    this.#hooks.onClosed();
  }

  /** Gives credit back for the connection alone. */
  giveBack(octets: number): void {
    if (this.over) return;
    const increment = this.window.giveBack(octets);
    if (increment > 0) this.writer.windowUpdate(0, increment);
  }

  /** Sets the size of the connection's window, by telling the other side. */
  setWindow(size: number): void {
    const increment = this.window.setSize(size);
    if (increment > 0) this.writer.windowUpdate(0, increment);
  }

  /** The other side has acknowledged our window: it holds for streams there are, too (section 6.9.2). */
  acknowledgeWindow(size: number): void {
    const by = size - this.#receiveWindow;
    this.#receiveWindow = size;
    for (const stream of this.open.all()) {
      stream.receiveWindow.resize(by);
      this.consume(stream, 0);
    }
  }

  /** The other side has set its window. False when that overflows a stream's. */
  setSendWindow(size: number): boolean {
    const by = size - this.#sendWindow;
    this.#sendWindow = size;
    let fits = size <= max31;
    for (const stream of this.open.all()) fits = this.sender.widenStream(stream, by) && fits;
    return fits;
  }
}
