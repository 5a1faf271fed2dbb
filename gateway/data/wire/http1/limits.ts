/** Owns how much of a message may be spent on anything but its content. */

/** How large a head may be, whatever version it comes by. */
export interface HeadLimits {
  /** Most octets of a start line with its fields, and of a trailer section. All that a parser ever keeps. Default 16 KiB. */
  readonly maxHeadBytes: number;
  /** Most fields of one section. Default 100. */
  readonly maxFields: number;
}

export interface Http1Limits extends HeadLimits {
  /** Most octets of a start line; RFC 9112 section 3 recommends at least 8000. Default 8 KiB. */
  readonly maxStartLineBytes: number;
  /**
   * Most octets of chunk extensions beyond those of chunk data that went before, so that a body can't be
   * made of extensions. Default 1 KiB.
   */
  readonly maxChunkExtensionBytes: number;
}

/** Interim responses (1xx) that one request may be sent before its response; more is what no client has a use for. */
export const maxInterims = 10;

export const defaultLimits: Http1Limits = {
  maxHeadBytes: 16_384,
  maxStartLineBytes: 8192,
  maxFields: 100,
  maxChunkExtensionBytes: 1024,
};
