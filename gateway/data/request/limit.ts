/** Owns how much of a request is taken from a client. */
import { IsthmusError } from '../../../core/errors.ts';
import type { RequestHead } from '../message/message.ts';
import { type Http1Limits, defaultLimits as parserLimits } from '../wire/http1/limits.ts';
import type { EncodedSlashes } from './normalize.ts';
import type { Step } from './step.ts';

export interface ProxyLimits {
  /** Largest request body in bytes; default 0 = no limit. Bodies stream either way. */
  readonly maxBodyBytes: number;
  /** Largest request head in bytes; default 16384. More is answered with 431. */
  readonly maxHeadBytes: number;
  /** Largest response head in bytes; default 65536. More is refused with RESPONSE_REFUSED. */
  readonly maxResponseHeadBytes: number;
  /** Most fields of a response; default 256. More is refused with RESPONSE_REFUSED. */
  readonly maxResponseFields: number;
  /** Time a client may take to send a request head, in milliseconds; default 10000. Slower is answered with 408. */
  readonly headMs: number;
  /**
   * Time in which at least 16 KiB more, or the rest, of a request body of announced length must come while it is
   * what is waited for, in milliseconds; default 30000, 0 = none. Slower is answered with 408.
   */
  readonly bodyMs: number;
  /** Time a client's connection may rest between requests, in milliseconds; default 75000. */
  readonly keepAliveMs: number;
  /**
   * Whether a request over HTTP/1.1 is cancelled when its client closes its own side before it has all of the answer; default
   * false, for it may well be waiting for it. A reset always cancels.
   */
  readonly cancelHalfClosed: boolean;
  /** Whether a path may hold `%2F`; default `refuse`. */
  readonly encodedSlashes: EncodedSlashes;
  /** Most connections at a time, of clients and of other gateways each; default 50000. More are closed as they come. */
  readonly maxConnections: number;
}

export const defaultLimits: ProxyLimits = {
  maxBodyBytes: 0,
  maxHeadBytes: 16_384,
  maxResponseHeadBytes: 65_536,
  maxResponseFields: 256,
  headMs: 10_000,
  bodyMs: 30_000,
  keepAliveMs: 75_000,
  cancelHalfClosed: false,
  encodedSlashes: 'refuse',
  maxConnections: 50_000,
};

/** The limits for a parser of requests. */
export function http1Limits({ maxHeadBytes }: ProxyLimits): Http1Limits {
  const maxStartLineBytes = Math.min(parserLimits.maxStartLineBytes, maxHeadBytes);
  return { ...parserLimits, maxHeadBytes, maxStartLineBytes };
}

/** The limits for a parser of responses. */
export function responseLimits({
  maxResponseHeadBytes,
  maxResponseFields,
}: Pick<ProxyLimits, 'maxResponseHeadBytes' | 'maxResponseFields'>): Http1Limits {
  return { ...parserLimits, maxHeadBytes: maxResponseHeadBytes, maxFields: maxResponseFields };
}

/** How much of a body must come in `bodyMs`. */
export const bodyStepBytes = 16 * 1024;

export function bodyTooSlow(bodyMs: number): IsthmusError {
  return new IsthmusError('REQUEST_TOO_SLOW', {
    what: `Less than ${bodyStepBytes} bytes more of the request body came in ${bodyMs} ms`,
  });
}

export function bodyTooLarge(maxBodyBytes: number): IsthmusError {
  return new IsthmusError('BODY_TOO_LARGE', {
    what: `The request body is larger than ${maxBodyBytes} bytes`,
  });
}

/** A length that is announced already breaks the limit; one that isn't is counted as it comes. */
export function announcedBody(maxBodyBytes: number): Step | undefined {
  if (maxBodyBytes === 0) return undefined;
  return {
    slot: 'limit',
    take: ({ head }) =>
      announcesTooMuch(head, maxBodyBytes) ? bodyTooLarge(maxBodyBytes) : undefined,
  };
}

function announcesTooMuch({ bodyLength }: RequestHead, maxBodyBytes: number): boolean {
  return typeof bodyLength === 'number' && bodyLength > maxBodyBytes;
}
