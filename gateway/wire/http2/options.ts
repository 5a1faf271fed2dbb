/** Owns what a connection allows its other side, for strangers and for our own gateways. */
import type { OutputPool } from './output.ts';

/** `burst` at once, refilled by `perSecond`. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

export interface ConnectionOptions {
  /** Streams that the other side may have open. Default 100. */
  readonly maxConcurrentStreams: number;
  /** Octets that a stream may have on their way to us or waiting here. Default 65,536. */
  readonly streamWindow: number;
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
  /** Most octets in a header list, each field counting 32 more. Default 16,384. */
  readonly maxHeaderListSize: number;
  /** Most octets in each of the two compression tables. Default 4,096. */
  readonly headerTableSize: number;
  /** Whether header strings are sent in Huffman codes where that is shorter. Default true. */
  readonly huffman: boolean;
  /** Whether clients may send extended CONNECT (RFC 8441). Default false. */
  readonly connectProtocol: boolean;
  /** Octets a stream may have waiting to be sent before `write` says stop. Default 65,536. */
  readonly sendBuffer: number;
  /** Octets of DATA that are put into one `take`. Default 262,144. */
  readonly turnSize: number;
  /** Octets waiting to be taken when something arrives, at which the other side is held not to be reading. Default 1 MiB. */
  readonly maxUnread: number;
  /** Streams that a client may break: resets of its own, and errors and excess that made us reset them. Default 95, 20/s: each may have cost a connection to an endpoint. */
  readonly brokenStreams: Rate;
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
  connectionWindow: 262_144,
  connectionCredit: 'consumed',
  windowForSmall: 0,
  maxFrameSize: 16_384,
  maxHeaderListSize: 16_384,
  headerTableSize: 4_096,
  huffman: true,
  connectProtocol: false,
  sendBuffer: 65_536,
  turnSize: 262_144,
  maxUnread: 1 << 20,
  brokenStreams: { burst: 95, perSecond: 20 },
  idleFrames: { burst: 1_000, perSecond: 200 },
  settingsTimeoutMs: 10_000,
};

/**
 * Between gateways: windows that fill a long fat path, frames as large as a read, time before octets, and
 * room for what all the clients of a gateway do at once, such as going away.
 */
export const linkOptions: ConnectionOptions = {
  ...strangerOptions,
  maxConcurrentStreams: 4_096,
  streamWindow: 1 << 20,
  // Until the way is known: see `Flight`.
  connectionWindow: 1 << 20,
  connectionCredit: 'received',
  windowForSmall: 65_536,
  maxFrameSize: 65_536,
  maxHeaderListSize: 65_536,
  headerTableSize: 65_536,
  huffman: false,
  connectProtocol: true,
  sendBuffer: 262_144,
  maxUnread: 16 << 20,
  brokenStreams: { burst: 4_096, perSecond: 1_024 },
  idleFrames: { burst: 16_384, perSecond: 4_096 },
};
