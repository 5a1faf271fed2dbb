/** Owns passive ejection: failures in a row take a target out for a while, longer each time (after Envoy's outlier detection). */
import type { OutlierPolicy, TryResult } from './types.ts';

/**
 * trusted: `failures` in a row so far. ejected: out until `until`, for the `times`-th time.
 * probation: back on trial, so that one failure ejects it again and one success clears it.
 */
export type OutlierState =
  | { readonly kind: 'trusted'; readonly failures: number }
  | { readonly kind: 'ejected'; readonly until: number; readonly times: number }
  | { readonly kind: 'probation'; readonly times: number };

export const trusted: OutlierState = { kind: 'trusted', failures: 0 };

/**
 * The state after a try ended at `now`. `mayEject` is whether the cap leaves room. A try the client
 * abandoned says nothing; results that arrive while ejected come from before it and change nothing.
 */
export function afterTry(
  state: OutlierState,
  result: TryResult,
  now: number,
  policy: OutlierPolicy,
  mayEject: boolean,
): OutlierState {
  if (result === 'abandoned' || state.kind === 'ejected') return state;
  if (result === 'ok') {
    return state.kind === 'trusted' && state.failures === 0 ? state : trusted;
  }
  const times = state.kind === 'probation' ? state.times : 0;
  const failures = state.kind === 'trusted' ? state.failures + 1 : policy.consecutiveFailures;
  if (failures >= policy.consecutiveFailures && mayEject) {
    return { kind: 'ejected', until: now + ejectionMs(policy, times), times: times + 1 };
  }
  return state.kind === 'trusted' ? { kind: 'trusted', failures } : state;
}

/** The state at `now`: an ejection that is over becomes a probation. */
export function afterTime(state: OutlierState, now: number): OutlierState {
  if (state.kind !== 'ejected' || now < state.until) return state;
  return { kind: 'probation', times: state.times };
}

/**
 * The state when a check that had failed passes again: out no longer, but on trial (as Envoy's
 * `successful_active_health_check_uneject_host`).
 */
export function afterRecovery(state: OutlierState): OutlierState {
  return state.kind === 'ejected' ? { kind: 'probation', times: state.times } : state;
}

/** Milliseconds of the ejection that follows `times` earlier ones: `base x 2^times`, at most `max`. */
export function ejectionMs(policy: OutlierPolicy, times: number): number {
  return Math.min(policy.maxEjectionMs, policy.baseEjectionMs * 2 ** Math.min(times, 30));
}

/** Whether one more of `total` may be ejected when `ejected` are: within the cap, yet one always may. */
export function mayEjectOneMore(policy: OutlierPolicy, ejected: number, total: number): boolean {
  return ejected < Math.max(1, Math.floor((total * policy.maxEjectedPercent) / 100));
}
