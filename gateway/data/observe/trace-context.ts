/** Owns `traceparent`: which trace a request is part of (W3C Trace Context, section 3.2). */

interface TraceContext {
  /** 32 hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** Id of the sender's span: 16 hexadecimal digits, not all zero. */
  readonly spanId: string;
  readonly isSampled: boolean;
}

const shape = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * Undefined where it says nothing that can be relied on: then a trace begins anew. A later version is read by what it
 * begins with; version ff is none, and version 00 has nothing after its flags.
 */
export function parseTraceParent(value: string): TraceContext | undefined {
  const [, version, traceId = '', spanId = '', flags = '', more] = shape.exec(value) ?? [];
  if (version === undefined || version === 'ff') return undefined;
  if (version === '00' && more !== undefined) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function formatTraceParent({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}
