/** Owns whether a request is traced: as its sender decided, else by a share of all traces. */
import type { TraceContext } from './trace-context.ts';

/** 2^56: the random part of a trace id that is compared (W3C Trace Context Level 2, section 3.2.2.4). */
const span = 2 ** 56;

/**
 * Parent-based. A trace that begins here is sampled by its id, so that every gateway comes to the same
 * decision on the same trace; `ratio` is 0 to 1.
 */
export function isSampled(
  parent: TraceContext | undefined,
  traceId: string,
  ratio: number,
): boolean {
  if (parent !== undefined) return parent.isSampled;
  return Number.parseInt(traceId.slice(-14), 16) < ratio * span;
}
