/** Owns the causes by which a peer makes a connection fail, in the words of messages and of counters. */

/** Frames that may carry nothing, or nothing that anybody wants, and what too many of them are. */
const floods = {
  'empty DATA': 'empty-data-flood',
  HEADERS: 'headers-flood',
  PRIORITY: 'priority-flood',
  RST_STREAM: 'reset-flood',
  SETTINGS: 'settings-flood',
  PING: 'ping-flood',
  GOAWAY: 'goaway-flood',
  WINDOW_UPDATE: 'window-flood',
  unknown: 'unknown-frame-flood',
} as const;

export type IdleFrame = keyof typeof floods;

export type FailureCause =
  | (typeof floods)[IdleFrame]
  /** Too many streams that it broke: rapid reset, malformed requests, more streams than allowed. */
  | 'broken-streams'
  /** A header block without end, by size or by count. */
  | 'continuation-flood'
  /** The peer sends requests, and does not read what it is sent. */
  | 'unread-output'
  /** A head, or another frame, that does not come to its end. */
  | 'slow-head'
  | 'settings-timeout'
  /** Anything else that RFC 9113 has no place for. */
  | 'protocol-error';

export function floodOf(frame: IdleFrame): FailureCause {
  return floods[frame];
}
