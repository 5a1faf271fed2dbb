/** Owns what the two sides of a connection have told each other in SETTINGS (RFC 9113 section 6.5). */

import { lineOverhead } from '../hpack/decoder.ts';
import { entryOverhead } from '../hpack/dynamic-table.ts';
import type { HeadLimits } from '../http1/limits.ts';
import type { ConnectionOptions } from './options.ts';
import {
  errorCode,
  initialWindow,
  largestMaxFrame,
  max31,
  setting,
  smallestMaxFrame,
  uint32,
} from './protocol.ts';

export interface Failure {
  readonly code: number;
  readonly what: string;
}

/** Streams a client opens before it knows how many it may: what section 6.5.2 recommends as the least to allow. */
const streamsBeforeSettings = 100;

/** The settings that the peer asks of us. */
export class PeerSettings {
  headerTableSize: number | undefined;
  maxConcurrentStreams = streamsBeforeSettings;
  initialWindowSize = initialWindow;
  maxFrameSize = smallestMaxFrame;
  /** Advice: what is larger it would not take. */
  maxHeaderListSize = Infinity;
  connectProtocol = false;
  /** The first SETTINGS came. */
  received = false;

  /** Applies the payload of a SETTINGS frame, in order. `fromServer`: it came from one. */
  apply(bytes: Buffer, start: number, end: number, fromServer: boolean): Failure | undefined {
    // Without a limit there is none, once SETTINGS came.
    if (!this.received) this.maxConcurrentStreams = Infinity;
    this.received = true;
    for (let at = start; at < end; at += 6) {
      const failure = this.#set(bytes.readUInt16BE(at), uint32(bytes, at + 2), fromServer);
      if (failure !== undefined) return failure;
    }
    return undefined;
  }

  #set(id: number, value: number, fromServer: boolean): Failure | undefined {
    switch (id) {
      case setting.headerTableSize:
        this.headerTableSize = value;
        return undefined;
      case setting.enablePush:
        if (value === 0 || (value === 1 && !fromServer)) return undefined;
        return protocolError('SETTINGS_ENABLE_PUSH is not what it may be');
      case setting.maxConcurrentStreams:
        this.maxConcurrentStreams = value;
        return undefined;
      case setting.initialWindowSize:
        this.initialWindowSize = value;
        if (value <= max31) return undefined;
        return {
          code: errorCode.flowControlError,
          what: 'SETTINGS_INITIAL_WINDOW_SIZE is too large',
        };
      case setting.maxFrameSize:
        this.maxFrameSize = value;
        if (value >= smallestMaxFrame && value <= largestMaxFrame) return undefined;
        return protocolError('SETTINGS_MAX_FRAME_SIZE is out of range');
      case setting.maxHeaderListSize:
        this.maxHeaderListSize = value;
        return undefined;
      case setting.enableConnectProtocol:
        if (value > 1 || (value === 0 && this.connectProtocol))
          return protocolError('SETTINGS_ENABLE_CONNECT_PROTOCOL is not what it may be');
        this.connectProtocol = value === 1;
        return undefined;
      default:
        return undefined;
    }
  }
}

/** The settings that we ask of the peer. */
export function ourSettings(
  options: ConnectionOptions,
  isServer: boolean,
): readonly (readonly [id: number, value: number])[] {
  const values: [number, number][] = [
    [setting.headerTableSize, options.headerTableSize],
    [setting.initialWindowSize, options.streamWindow],
    [setting.maxFrameSize, options.maxFrameSize],
    [setting.maxHeaderListSize, listSizeOf(options)],
  ];
  if (isServer) {
    values.push([setting.maxConcurrentStreams, options.maxConcurrentStreams]);
    if (options.connectProtocol) values.push([setting.enableConnectProtocol, 1]);
  } else {
    values.push([setting.enablePush, 0]);
  }
  return values;
}

/** The size of the largest head that is allowed, as SETTINGS count it: 32 more for each field (section 6.5.2). */
function listSizeOf({ maxHeadBytes, maxFields }: HeadLimits): number {
  return maxHeadBytes + maxFields * (entryOverhead - lineOverhead);
}

function protocolError(what: string): Failure {
  return { code: errorCode.protocolError, what };
}
