/** Owns when a worker sheds load: from how late its event loop is and how full its heap. */

export interface OverloadLimits {
  /**
   * 99th percentile of the event loop's lag from which requests are shed, in milliseconds; default 100, 0 = never. Only
   * a worker that has most of a core is shed from: one that is late with less is kept from its core by others, and
   * fewer requests would not make it any faster.
   */
  readonly lagMs: number;
  /** Share of the heap's limit from which requests are shed, in percent; default 95, 100 = never. */
  readonly heapPercent: number;
}

/** One look at a worker. */
export interface Pressure {
  /** 99th percentile over the last window. */
  readonly lagMs: number;
  /** Share of a core that its thread had in the last second, 0 to 1. */
  readonly cpu: number;
  /** Of its limit, after the last garbage collection as far as is known. */
  readonly heapPercent: number;
}

/**
 * calm: every request is taken. shedding: new ones are refused. recovering: still refused, as pressure has fallen
 * but not for long enough.
 */
export type OverloadState =
  | { readonly kind: 'calm' }
  | { readonly kind: 'shedding'; readonly why: 'lag' | 'heap' }
  | { readonly kind: 'recovering'; readonly looks: number };

export const calm: OverloadState = { kind: 'calm' };

/** From this share of a core on it is its own work that makes a worker late. */
const busy = 0.6;
/** Once shedding, pressure has to fall this far below what began it: else the load that comes back begins it anew. */
const lagToRecover = 0.5;
const heapToRecover = 5;
/** Looks in a row that have to find it so. */
const looksToRecover = 2;

/** The state after another look. */
export function afterLook(
  before: OverloadState,
  pressure: Pressure,
  limits: OverloadLimits,
): OverloadState {
  const why = causeOf(pressure, limits);
  if (why !== undefined) return { kind: 'shedding', why };
  if (before.kind === 'calm') return calm;
  const relieved: OverloadLimits = {
    lagMs: limits.lagMs * lagToRecover,
    heapPercent: limits.heapPercent === 100 ? 100 : limits.heapPercent - heapToRecover,
  };
  if (causeOf(pressure, relieved) !== undefined) return { kind: 'recovering', looks: 0 };
  const looks = (before.kind === 'recovering' ? before.looks : 0) + 1;
  return looks >= looksToRecover ? calm : { kind: 'recovering', looks };
}

function causeOf(
  { lagMs, cpu, heapPercent }: Pressure,
  limits: OverloadLimits,
): 'lag' | 'heap' | undefined {
  if (limits.lagMs > 0 && lagMs >= limits.lagMs && cpu >= busy) return 'lag';
  if (limits.heapPercent < 100 && heapPercent >= limits.heapPercent) return 'heap';
  return undefined;
}
