/** Owns one side of an HTTP/2 connection, whichever it is (RFC 9113): bytes go in and come out, time is passed in. */
import type { ConnectionEnd, ConnectionHandler } from './api.ts';
import { type DataOwner, DataReceiver } from './data-receiver.ts';
import { type FailureCause, floodOf, type IdleFrame } from './failure-cause.ts';
import { Floods, settingsCost } from './floods.ts';
import { frameFault, orderFault } from './frame-faults.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import type { HeaderBlock } from './header-block.ts';
import { type HeaderOwner, HeaderReceiver } from './header-receiver.ts';
import type { ConnectionContext, ConnectionOptions } from './options.ts';
import { Output } from './output.ts';
import { Pings } from './pings.ts';
import {
  errorCode,
  flag,
  frameType,
  max31,
  maxDebug,
  preface,
  uint31,
  uint32,
} from './protocol.ts';
import { readTrailers } from './read-head.ts';
import { SettingsExchange } from './settings-exchange.ts';
import type { Stream } from './stream.ts';
import { type StreamHooks, Streams } from './streams.ts';
import { bodyLengthWrong, resetCodes, type UnreadableStatus } from './unreadable.ts';
import { type WindowOwner, WindowReceiver } from './window-receiver.ts';

export abstract class Connection
  implements FrameSink, DataOwner, HeaderOwner, WindowOwner, StreamHooks
{
  over = false;
  protected readonly options: ConnectionOptions;
  protected readonly streams: Streams;
  protected readonly settings: SettingsExchange;
  readonly floods: Floods;
  protected readonly pings: Pings;
  /** No new streams: either side has said so. */
  protected leaving = false;
  readonly #handler: ConnectionHandler;
  readonly #isServer: boolean;
  readonly #output: Output;
  readonly #reader: FrameReader;
  readonly #headers: HeaderReceiver;
  readonly #data: DataReceiver;
  readonly #windows: WindowReceiver;
  #now: number;

  constructor(handler: ConnectionHandler, context: ConnectionContext, isServer: boolean) {
    const { options, pool, now } = context;
    this.options = options;
    this.#handler = handler;
    this.#isServer = isServer;
    this.#now = now;
    this.#output = new Output(pool, () => handler.onOutput());
    this.#reader = new FrameReader(this, isServer);
    this.#headers = new HeaderReceiver(this, options);
    this.streams = new Streams(this.#output, options, isServer, this);
    this.#data = new DataReceiver(this, this.streams, isServer);
    this.#windows = new WindowReceiver(this, this.streams);
    this.floods = new Floods(options);
    this.pings = new Pings(this.streams.writer);
    if (!isServer) this.#output.append(preface);
    const { decoder } = this.#headers;
    this.settings = new SettingsExchange(options, this.streams, decoder, isServer);
  }

  /** The preface with its SETTINGS, a frame other than DATA or a header block is not whole. */
  get isMidHead(): boolean {
    return !this.settings.peer.received || this.#reader.isMidFrame || this.#headers.awaits !== 0;
  }

  /** Streams under way. */
  get openStreams(): number {
    return this.streams.open.size;
  }

  /** How long the other side may take to acknowledge our SETTINGS: `onSettingsDue` is to be called after that. */
  get settingsTimeoutMs(): number {
    return this.options.settingsTimeoutMs;
  }

  /** Reads what arrived at `now` (monotonic milliseconds), up to `end`. Nothing of `bytes` is kept but copies. */
  receive(bytes: Buffer, now: number, end: number = bytes.length): void {
    this.#now = now;
    if (this.#output.length > this.options.maxUnread) {
      this.#output.clear();
      this.fail(errorCode.enhanceYourCalm, 'what is sent is not read', 'unread-output');
    }
    this.#reader.read(bytes, end);
  }

  /** The octets to be sent now, to be given to `recycle` once they were; undefined when there are none. */
  take(): Buffer | undefined {
    this.streams.sender.fill();
    const taken = this.#output.take();
    this.streams.sender.taken();
    return taken;
  }

  recycle(taken: Buffer): void {
    this.#output.recycle(taken);
  }

  /** Sets how much may be on its way to us; at least 65,535 octets. */
  setWindow(size: number): void {
    if (!this.over) this.streams.setWindow(size);
  }

  /** To be called once, when `settingsTimeoutMs` have passed. */
  onSettingsDue(): void {
    if (!this.settings.acknowledged)
      this.fail(errorCode.settingsTimeout, 'SETTINGS unacknowledged', 'settings-timeout');
  }

  /** Sends a PING; `answered` is called when it was answered. */
  ping(answered: () => void): void {
    if (!this.over) this.pings.send(answered);
  }

  /** Takes no new streams; the connection is over when those under way have closed. */
  abstract drain(): void;

  /** Ends the connection: every stream is lost, and a GOAWAY with `code` is to be sent. */
  fail(code: number, what: string, cause: FailureCause = 'protocol-error'): void {
    if (this.over) return;
    this.streams.writer.goaway(this.lastPeerStream(), code, what);
    this.#end({ kind: 'failed', code, what, cause });
  }

  /** The transport has gone. */
  lost(what: string): void {
    if (!this.over) this.#end({ kind: 'lost', what });
  }

  /** The highest stream of the other side that something was done for. */
  protected abstract lastPeerStream(): number;
  /** Whether nobody has opened the stream yet (section 5.1). */
  abstract isIdle(id: number): boolean;
  /** A block came that is no trailers: a request, or the response on `stream`. */
  protected abstract onHead(
    id: number,
    stream: Stream | undefined,
    block: HeaderBlock,
    tooLarge: boolean,
    ends: boolean,
  ): void;
  /** The other side does nothing with streams above `last`. */
  protected abstract onPeerGoaway(last: number): void;

  abstract onUnfinished(id: number): void;

  /**
   * Some clients, curl 7.88 among them, look at what they have been answered only when they are sent something after their end. A
   * reset would be for a closed stream.
   */
  onFinished(): void {
    this.ping(() => undefined);
  }

  onClosed(): void {
    this.finishIfDone();
  }

  protected finishIfDone(): void {
    if (this.leaving && !this.over && this.openStreams === 0) this.#end({ kind: 'drained' });
  }

  /** A client has made a stream fail. False when it has done so too often: then the connection is over. */
  protected countBroken(): boolean {
    if (!this.#isServer || this.floods.broken(this.#now)) return true;
    this.fail(errorCode.enhanceYourCalm, 'too many broken streams', 'broken-streams');
    return false;
  }

  /** Whether no new stream is to be taken for all those that were broken lately. */
  protected hasTooManyBroken(): boolean {
    return this.floods.hasTooManyBroken(this.#now);
  }

  malformed(stream: Stream, what: string, status: UnreadableStatus = 400): void {
    this.failStream(stream, resetCodes[status], what);
  }

  failStream(stream: Stream, code: number, what: string): void {
    if (this.countBroken()) this.streams.fail(stream, code, what);
  }

  /** A head came that is for no stream any more, nor for a new one. */
  protected passOverHead(id: number, ends: boolean): void {
    if (this.spendIdle(1, 'HEADERS')) this.passOverClosed(id, ends);
  }

  passOverClosed(id: number, ends: boolean): boolean {
    if (this.isIdle(id)) this.fail(errorCode.protocolError, 'frame for an idle stream');
    else if (this.streams.passesOver(id, ends)) return true;
    else this.fail(errorCode.streamClosed, 'frame for a closed stream');
    return false;
  }

  spendIdle(cost: number, what: IdleFrame): boolean {
    if (this.floods.idle(cost, this.#now)) return true;
    this.fail(errorCode.enhanceYourCalm, `too many ${what} frames`, floodOf(what));
    return false;
  }

  onFrameHeader(type: number, flags: number, id: number, length: number): 'read' | 'skip' {
    const fault =
      orderFault(type, flags, id, this.settings.peer.received, this.#headers.awaits) ??
      frameFault(type, flags, id, length, this.options.maxFrameSize);
    if (fault !== undefined) {
      this.fail(fault.code, fault.what);
      return 'skip';
    }
    if (type === frameType.data) return this.#data.begin(flags, id, length);
    if (type <= frameType.continuation) return 'read';
    this.spendIdle(1, 'unknown'); // Section 5.5.
    return 'skip';
  }

  onPadding(octets: number): void {
    this.#data.padding(octets);
  }

  onDataPart(bytes: Buffer, start: number, end: number, last: boolean): void {
    this.#data.part(bytes, start, end, last);
  }

  onFrame(type: number, flags: number, id: number, bytes: Buffer, start: number, end: number) {
    switch (type) {
      case frameType.headers:
        this.#headers.onHeaders(flags, id, bytes, start, end);
        break;
      case frameType.continuation:
        this.#headers.onContinuation(flags, bytes.subarray(start, end));
        break;
      case frameType.priority:
        this.#onPriority(id, end - start);
        break;
      case frameType.rstStream:
        this.#onRstStream(id, uint32(bytes, start));
        break;
      case frameType.settings:
        this.#onSettings((flags & flag.ack) !== 0, bytes, start, end);
        break;
      case frameType.pushPromise:
        this.fail(errorCode.protocolError, 'PUSH_PROMISE, which is not enabled');
        break;
      case frameType.ping:
        if (!this.spendIdle(1, 'PING')) break;
        if (flags & flag.ack) this.pings.onAck(bytes, start);
        else this.streams.writer.ping(bytes.subarray(start, end), true);
        break;
      case frameType.goaway:
        this.#onGoaway(bytes, start, end);
        break;
      case frameType.windowUpdate:
        this.#windows.onWindowUpdate(id, uint31(bytes, start));
        break;
    }
  }

  onList(id: number, block: HeaderBlock, tooLarge: boolean, ends: boolean): void {
    const stream = this.streams.open.get(id);
    if (!stream?.headReceived) {
      this.onHead(id, stream, block, tooLarge, ends);
      return;
    }
    if (stream.receivedEnd) {
      this.failStream(stream, errorCode.streamClosed, 'HEADERS after the end');
      return;
    }
    stream.receivedEnd = ends;
    if (tooLarge) {
      this.malformed(stream, 'the trailers are too large', 431);
      return;
    }
    const fields = ends ? readTrailers(block) : 'second HEADERS without END_STREAM';
    if (typeof fields === 'string') this.malformed(stream, fields);
    else if (stream.expected > 0) this.malformed(stream, bodyLengthWrong);
    else {
      if (stream.held >= 0) this.#data.release(stream, false);
      stream.handler?.onTrailers(stream, fields);
      this.streams.closeIfComplete(stream);
    }
  }

  /** Priority is deprecated (section 5.3.2); only a wrong length means something (section 6.3). */
  #onPriority(id: number, length: number): void {
    const stream = this.streams.open.get(id);
    if (!this.spendIdle(1, 'PRIORITY') || length === 5 || stream === undefined) return;
    this.failStream(stream, errorCode.frameSizeError, 'PRIORITY of wrong length');
  }

  #onRstStream(id: number, code: number): void {
    const stream = this.streams.open.get(id);
    if (stream === undefined) {
      this.streams.passesOver(id, true);
      if (this.isIdle(id)) this.fail(errorCode.protocolError, 'RST_STREAM for an idle stream');
      else this.spendIdle(1, 'RST_STREAM');
      return;
    }
    if (!this.countBroken()) return;
    if (code === errorCode.refusedStream)
      this.streams.close(stream, { kind: 'refused', what: 'the stream was refused' });
    // Section 8.1: the response is whole, and the rest of the request is not wanted. A client has no such word.
    else if (code === errorCode.noError && stream.receivedEnd && !this.#isServer)
      this.streams.complete(stream);
    else this.streams.close(stream, { kind: 'reset-by-peer', code });
  }

  #onSettings(ack: boolean, bytes: Buffer, start: number, end: number): void {
    if (!this.spendIdle(ack ? 1 : settingsCost, 'SETTINGS')) return;
    const failure = ack ? this.settings.onAck() : this.settings.onSettings(bytes, start, end);
    if (failure !== undefined) this.fail(failure.code, failure.what);
  }

  #onGoaway(bytes: Buffer, start: number, end: number): void {
    if (!this.spendIdle(1, 'GOAWAY')) return;
    const last = uint31(bytes, start);
    const code = uint32(bytes, start + 4);
    if (last === max31 && code === errorCode.noError && this.#handler.onWarning) {
      this.#handler.onWarning();
      return;
    }
    this.leaving = true;
    const debug = bytes.toString('latin1', start + 8, Math.min(end, start + 8 + maxDebug));
    this.#handler.onGoaway(code, debug);
    this.onPeerGoaway(last);
    this.finishIfDone();
  }

  #end(end: ConnectionEnd): void {
    this.over = true;
    this.streams.over = true;
    const what = end.kind === 'drained' ? 'the connection has ended' : end.what;
    for (const stream of this.streams.open.all())
      this.streams.close(stream, { kind: 'lost', what });
    this.#handler.onEnd(end);
  }
}
