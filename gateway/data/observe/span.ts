/** Owns a span as plain values, so that it can pass from thread to thread. */

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanRecord {
  readonly traceId: string;
  readonly spanId: string;
  /** Absent where the trace begins. */
  readonly parentId: string | undefined;
  /** `server`: a request as it came; `client`: one try of it. */
  readonly kind: 'server' | 'client';
  readonly name: string;
  /** Wall time in milliseconds, with fractions. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** By OpenTelemetry's semantic conventions for HTTP; what they have no name for is below `isthmus.`. */
  readonly attributes: SpanAttributes;
  /** Why it failed; absent where it did not. */
  readonly error: string | undefined;
}
