/** Owns when a worker sheds load: from how late its event loop is and how full its heap. */

export interface OverloadLimits {
  /**
   * 99th percentile of the event loop's lag from which requests are shed, in milliseconds; default 100, 0 = never. So
   * soon only where the worker has most of a core. One that is late with less is kept from its core by others, or by its
   * container's quota: it is shed from when it is five times as late for five seconds, and never rests. Then more
   * comes than it can do with what it gets. Short of that it is only waiting, and would be no faster with fewer requests.
   */
  readonly lagMs: number;
  /** Share of the heap's limit from which requests are shed, in percent; default 95, 100 = never. */
  readonly heapPercent: number;
}

/** The numbers of one look at a worker. */
export interface PressureReading {
  /** 99th percentile over the last window. */
  readonly lagMs: number;
  /** Share of a core that its thread had in the last second, 0 to 1. */
  readonly cpu: number;
  /** Share of the last second in which its event loop did not wait for something to do, whether it had a core or not. */
  readonly utilization: number;
  /** Heap in use as a part of its limit, after the last garbage collection as far as is known. */
  readonly heapPercent: number;
}

/** starved: it is late, and has not the core to do anything about it. */
export type OverloadCause = 'lag' | 'heap' | 'starved';

/**
 * calm: every request is taken; `starved`: so many looks in a row found it so. shedding: new ones are refused. recovering:
 * still refused, as pressure has fallen but not for long enough.
 */
export type OverloadState =
  | { readonly kind: 'calm'; readonly starved: number }
  | { readonly kind: 'shedding'; readonly why: OverloadCause }
  | { readonly kind: 'recovering'; readonly looks: number };

export const calm: OverloadState = { kind: 'calm', starved: 0 };

/** From this share of a core on it is its own work that makes a worker late. */
const busy = 0.6;
/** From this utilization on it has no time to spare, however little of a core it has. */
const neverRests = 0.9;
/** How much later than the limit a worker has to be that has not most of a core, and for how many looks in a row. */
const starvedLag = 5;
const starvedLooks = 5;
/** Once shedding, pressure has to fall this far below what began it: else the load that comes back begins it anew. */
const lagToRecover = 0.5;
const heapToRecover = 5;
/** Looks in a row that have to find it so. */
const looksToRecover = 2;

/** The state after another look. */
export function afterLook(
  before: OverloadState,
  pressure: PressureReading,
  limits: OverloadLimits,
): OverloadState {
  const why = causeOf(pressure, limits);
  if (why === 'starved' && before.kind === 'calm' && before.starved + 1 < starvedLooks) {
    return { kind: 'calm', starved: before.starved + 1 };
  }
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
  { lagMs, cpu, utilization, heapPercent }: PressureReading,
  limits: OverloadLimits,
): OverloadCause | undefined {
  const timesLate = limits.lagMs > 0 ? lagMs / limits.lagMs : 0;
  if (timesLate >= 1 && cpu >= busy) return 'lag';
  if (limits.heapPercent < 100 && heapPercent >= limits.heapPercent) return 'heap';
  if (timesLate >= starvedLag && utilization >= neverRests) return 'starved';
  return undefined;
}

/** Whether a worker with these limits can ever refuse for them. */
export function canShed({ lagMs, heapPercent }: OverloadLimits): boolean {
  return lagMs > 0 || heapPercent < 100;
}
