/** Owns the words for a message that crosses the gateway, free of any transport's types. */
import type { Readable } from 'node:stream';
import type { ErrorCode } from '../../core/errors.ts';

/** Header fields as a flat list (name, value, name, value ...). Names are lower-case; order and repeats are kept. */
export type Fields = readonly string[];

export interface RequestHead {
  readonly method: string;
  /** The version it was received with, as `Via` names it. */
  readonly protocol: '1.0' | '1.1' | '2';
  /** The host asked for, as sent: `orders.shop.acme` or `orders.shop.acme:80`. */
  readonly authority: string;
  /** Origin form: begins with `/`. */
  readonly path: string;
  /** Everything but the host. */
  readonly fields: Fields;
}

export interface ResponseHead {
  readonly status: number;
  readonly fields: Fields;
}

/** A response whose head has arrived; its body streams. */
export interface Response extends ResponseHead {
  readonly kind: 'response';
  /**
   * Ends only when the response is whole; anything else destroys it with an error.
   * Destroying it cancels the request upstream.
   */
  readonly body: Readable;
  /** Trailer fields; empty until the body has ended. */
  trailers(): Fields;
}

/** A try that brought no response. `sent: 'no'` means that it provably never reached the service. */
export interface FailedTry {
  readonly kind: 'failed';
  readonly sent: 'no' | 'maybe';
  readonly code: ErrorCode;
  /** What happened, as a sentence without a trailing period. */
  readonly what: string;
  readonly cause?: unknown;
}

export type Outcome = Response | FailedTry;

export interface TryOptions {
  /** Aborting it before the response head fails the try; later, destroy the body instead. */
  readonly signal: AbortSignal;
  /** Most time to get a connection, in milliseconds. */
  readonly connectMs: number;
}

/** The first value of a field, by its lower-case name. */
export function fieldOf(fields: Fields, name: string): string | undefined {
  for (let i = 0; i < fields.length; i += 2) if (fields[i] === name) return fields[i + 1];
  return undefined;
}
