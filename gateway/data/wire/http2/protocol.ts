/** Owns the numbers of HTTP/2 on the wire (RFC 9113 sections 3.4, 6, 7 and 11). */

export const preface: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

export const frameHeaderLength = 9;

export const frameType = {
  data: 0x0,
  headers: 0x1,
  priority: 0x2,
  rstStream: 0x3,
  settings: 0x4,
  pushPromise: 0x5,
  ping: 0x6,
  goaway: 0x7,
  windowUpdate: 0x8,
  continuation: 0x9,
} as const;

export const flag = {
  endStream: 0x1,
  ack: 0x1,
  endHeaders: 0x4,
  padded: 0x8,
  priority: 0x20,
} as const;

export const setting = {
  headerTableSize: 0x1,
  enablePush: 0x2,
  maxConcurrentStreams: 0x3,
  initialWindowSize: 0x4,
  maxFrameSize: 0x5,
  maxHeaderListSize: 0x6,
  /** RFC 8441 section 3. */
  enableConnectProtocol: 0x8,
} as const;

export const errorCode = {
  noError: 0x0,
  protocolError: 0x1,
  internalError: 0x2,
  flowControlError: 0x3,
  settingsTimeout: 0x4,
  streamClosed: 0x5,
  frameSizeError: 0x6,
  refusedStream: 0x7,
  cancel: 0x8,
  compressionError: 0x9,
  connectError: 0xa,
  enhanceYourCalm: 0xb,
  inadequateSecurity: 0xc,
  http11Required: 0xd,
} as const;

/** What is wrong with a frame whose padding is longer than it (section 6.1). */
export const badPadding = 'padding longer than its frame';

/** Stream identifiers, windows and window increments have 31 bits. */
export const max31 = 0x7fff_ffff;

/** Windows of a connection and of its streams before anybody has said anything (section 6.9.2). */
export const initialWindow = 65_535;

/** Least and most of SETTINGS_MAX_FRAME_SIZE (section 6.5.2). */
export const smallestMaxFrame = 16_384;
export const largestMaxFrame = 0xff_ffff;

/** The 31 bits at `at`, whose first bit is reserved. */
export function uint31(bytes: Uint8Array, at: number): number {
  return uint32(bytes, at) & max31;
}

export function uint32(bytes: Uint8Array, at: number): number {
  const [a, b, c, d] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
  return (
    (((a as number) << 24) | ((b as number) << 16) | ((c as number) << 8) | (d as number)) >>> 0
  );
}

/** Octets kept of what a GOAWAY says. */
export const maxDebug = 256;
