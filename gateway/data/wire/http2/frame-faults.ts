/** Owns which frames are wrong by their header alone: out of order, of a wrong length, or on the wrong stream (RFC 9113 section 6). */
import { errorCode, flag, frameType } from './protocol.ts';
import type { Failure } from './settings.ts';

/**
 * A frame that does not come in its order: SETTINGS come first (section 3.4), and a header block is whole before
 * anything else comes (section 6.10). `awaits`: the stream whose block is to be continued, 0 for none.
 */
export function orderFault(
  type: number,
  flags: number,
  id: number,
  settingsCame: boolean,
  awaits: number,
): Failure | undefined {
  const continues = type === frameType.continuation;
  if (!settingsCame && (type !== frameType.settings || flags & flag.ack)) return notSettings;
  if (awaits === 0 ? continues : !continues || id !== awaits) return outOfOrder;
  return undefined;
}

/** A frame of a length or on a stream that it can't have. `maxFrame`: longest payload that we take. */
export function frameFault(
  type: number,
  flags: number,
  id: number,
  length: number,
  maxFrame: number,
): Failure | undefined {
  if (length > maxFrame) return wrongLength;
  switch (type) {
    case frameType.data:
    case frameType.headers:
    case frameType.priority:
    case frameType.continuation:
    case frameType.pushPromise:
      return id === 0 ? wrongStream : undefined;
    case frameType.rstStream:
      if (id === 0) return wrongStream;
      return length === 4 ? undefined : wrongLength;
    case frameType.settings:
      if (id !== 0) return wrongStream;
      return length % 6 === 0 && (length === 0 || (flags & flag.ack) === 0)
        ? undefined
        : wrongLength;
    case frameType.ping:
      if (id !== 0) return wrongStream;
      return length === 8 ? undefined : wrongLength;
    case frameType.goaway:
      if (id !== 0) return wrongStream;
      return length >= 8 ? undefined : wrongLength;
    case frameType.windowUpdate:
      return length === 4 ? undefined : wrongLength;
    default:
      return undefined;
  }
}

const notSettings: Failure = {
  code: errorCode.protocolError,
  what: 'the first frame is not SETTINGS',
};

const outOfOrder: Failure = {
  code: errorCode.protocolError,
  what: 'header block interrupted, or continued without need',
};

const wrongLength: Failure = { code: errorCode.frameSizeError, what: 'frame of wrong length' };

const wrongStream: Failure = {
  code: errorCode.protocolError,
  what: 'frame on a stream that it can not be on',
};
