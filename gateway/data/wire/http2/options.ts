/** Owns what a connection allows its peer, for strangers and for our own gateways. */
import type { HeadLimits } from '../http1/limits.ts';
import type { OutputPool } from './output.ts';
import { initialWindow } from './protocol.ts';

/** `burst` at once, refilled by `perSecond`. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

export interface ConnectionOptions extends HeadLimits {
  /** Streams that the other side may have open. Default 100. */
  readonly maxConcurrentStreams: number;
  /** Octets that a stream may have on their way to us or waiting here. Default 65,536. */
  readonly streamWindow: number;
  /** Servers: the same of a request once its body is asked for; at least `streamWindow`. Default 65,536. */
  readonly openWindow: number;
  /** Octets that all streams together may have so; at least 65,535. Default 262,144. */
  readonly connectionWindow: number;
  /**
   * When octets give their credit for the connection back: `consumed` is when they are dealt with; `received` is at once, so that it
   * bounds what is on its way, and a stream that nobody reads holds up no other. Default `consumed`.
   */
  readonly connectionCredit: 'consumed' | 'received';
  /** Octets of the other side's window for the connection that are left to small pieces. Default 0. */
  readonly windowForSmall: number;
  /** Longest payload of a frame to us, 16,384 to 16,777,215. Default 16,384. */
  readonly maxFrameSize: number;
  /**
   * Octets of an encoded head that are read, where it is only too large and fails alone; more ends the connection. At least four
   * times `maxHeadBytes`. Default 262,144.
   */
  readonly maxBlock: number;
  /** Most octets in each of the two compression tables. Default 4,096. */
  readonly headerTableSize: number;
  /** Whether header strings are sent in Huffman codes where that is shorter. Default true. */
  readonly huffman: boolean;
  /** Whether clients may send extended CONNECT (RFC 8441). Default false. */
  readonly connectProtocol: boolean;
  /** Octets a stream may have waiting to be sent before `write` says stop. Default 65,536. */
  readonly sendBuffer: number;
  /** The same as long as the other side has not widened the stream's window: until then it may not want the body. Default: no less. */
  readonly sendBufferAtFirst: number;
  /** Octets of DATA that are put into one `take`. Default 262,144. */
  readonly turnSize: number;
  /** Octets waiting to be taken when something arrives, at which the other side is held not to be reading. Default 1 MiB. */
  readonly maxUnread: number;
  /** Octets waiting to be taken at which no head is put behind them: its stream fails, and no other. Default 1 MiB. */
  readonly maxUnreadByHeads: number;
  /** Streams that a client may break: resets of its own, and errors and excess that made us reset them. Default 95, 20/s: each may have cost a connection to an endpoint. */
  readonly brokenStreams: Rate;
  /**
   * What more than that does: `end` the connection, or have new streams refused until time has made up for it, where the
   * other side passes on what others do. Default `end`.
   */
  readonly whenTooManyBroken: 'end' | 'refuse';
  /** Frames that carry nothing; those that carry something earn some back. Default 1,000, 200/s. */
  readonly idleFrames: Rate;
  /** How long the other side may take to acknowledge our SETTINGS, in milliseconds. Default 10,000. */
  readonly settingsTimeoutMs: number;
}

export interface ConnectionContext {
  readonly options: ConnectionOptions;
  /** Shared by all connections of a thread. */
  readonly pool: OutputPool;
  /** Monotonic milliseconds. */
  readonly now: number;
}

export const strangerOptions: ConnectionOptions = {
  maxConcurrentStreams: 100,
  streamWindow: 65_536,
  openWindow: 65_536,
  connectionWindow: 262_144,
  connectionCredit: 'consumed',
  windowForSmall: 0,
  maxFrameSize: 16_384,
  maxHeadBytes: 16_384,
  maxFields: 100,
  maxBlock: 262_144,
  headerTableSize: 4_096,
  huffman: true,
  connectProtocol: false,
  sendBuffer: 65_536,
  sendBufferAtFirst: Infinity,
  turnSize: 262_144,
  maxUnread: 1 << 20,
  maxUnreadByHeads: 1 << 20,
  brokenStreams: { burst: 95, perSecond: 20 },
  whenTooManyBroken: 'end',
  idleFrames: { burst: 1_000, perSecond: 200 },
  settingsTimeoutMs: 10_000,
};

/**
 * Between gateways: windows that fill a long fat path, frames as large as a read, time before octets, and
 * room for what all the clients of a gateway do at once, such as going away. What one of them does, or one endpoint,
 * never ends the connection that all of them share: it fails its own stream.
 */
export const linkOptions: ConnectionOptions = {
  ...strangerOptions,
  maxConcurrentStreams: 4_096,
  streamWindow: 1 << 20,
  openWindow: 1 << 20,
  // Until the way is known: see `Flight`.
  connectionWindow: 1 << 20,
  connectionCredit: 'received',
  windowForSmall: 65_536,
  maxFrameSize: 65_536,
  maxHeadBytes: 65_536,
  maxFields: 256,
  // Beyond what any gateway lets through, however it is configured.
  maxBlock: 4 << 20,
  headerTableSize: 65_536,
  huffman: false,
  connectProtocol: true,
  sendBuffer: 262_144,
  maxUnread: 32 << 20,
  maxUnreadByHeads: 16 << 20,
  brokenStreams: { burst: 8_192, perSecond: 4_096 },
  whenTooManyBroken: 'refuse',
  idleFrames: { burst: 16_384, perSecond: 4_096 },
};

/** Octets and fields that gateways may add to a head that they pass on. */
const addedBytes = 16_384;
const addedFields = 32;

/** For the gateway that asks: of a request's body it takes, before the other side wants any, no more than the window and one read beyond it. */
export function linkClientOptions(heads: HeadLimits): ConnectionOptions {
  return { ...linkOptionsFor(heads), sendBufferAtFirst: 1 };
}

/**
 * Of the gateway that is asked: before an endpoint is connected with, no more of a body is on its way than the asking
 * gateway keeps for another try.
 */
export function linkServerOptions(heads: HeadLimits): ConnectionOptions {
  return { ...linkOptionsFor(heads), streamWindow: initialWindow };
}

/** For a link: the heads that come by it were taken by another gateway under such limits, too. */
function linkOptionsFor({ maxHeadBytes, maxFields }: HeadLimits): ConnectionOptions {
  return {
    ...linkOptions,
    maxHeadBytes: maxHeadBytes + addedBytes,
    maxFields: maxFields + addedFields,
  };
}
