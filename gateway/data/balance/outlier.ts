/** Owns passive ejection: failures in a row take a target out for a while, longer each time (after Envoy's outlier detection). */
import {
  type FailureInARow,
  failuresInARow,
  type OutlierPolicy,
} from '../../../policy/traffic-policy.ts';
import type { EjectionCause, TryResult } from './types.ts';

/** Failures in a row by what they count towards; an answer of another cluster is a fraction of one. */
type InARow = Readonly<Record<FailureInARow, number>>;

/**
 * trusted: it takes `policy[cause]` failures in a row. ejected: out until `until`, for the `times`-th time.
 * probation: back on trial, so that one failure ejects it again and one success clears it.
 */
export type OutlierState =
  | { readonly kind: 'trusted'; readonly inARow: InARow }
  | {
      readonly kind: 'ejected';
      readonly until: number;
      readonly times: number;
      readonly cause: EjectionCause;
    }
  | { readonly kind: 'probation'; readonly times: number; readonly inARow: InARow };

const nothing: InARow = {
  consecutiveLocalOriginFailure: 0,
  consecutiveGatewayFailure: 0,
  consecutive5xx: 0,
};

export const trusted: OutlierState = { kind: 'trusted', inARow: nothing };

/** Answers count as fractions, one of `copies` each; their sum may miss a whole number by rounding. */
const hair = 1e-6;

/**
 * The state after a try ended at `now`. `mayEject` is whether the cap leaves room. A try the client abandoned says
 * nothing; results that arrive while ejected come from before it and change nothing.
 *
 * A whole cluster answers with the voices of its `copies`: what one of them answers counts as that part of a failure, so that
 * a cluster is ejected for what its services say only when as many answers fail in a row as eject each copy of an own one.
 * That it does not answer is its own failure.
 */
export function afterTry(
  state: OutlierState,
  result: TryResult,
  now: number,
  policy: OutlierPolicy,
  mayEject: boolean,
  copies = 1,
): OutlierState {
  if (result === 'abandoned' || state.kind === 'ejected') return state;
  if (result === 'ok')
    return state.kind === 'trusted' && state.inARow === nothing ? state : trusted;
  const inARow = oneMore(state.inARow, result, policy, copies);
  const onTrial = state.kind === 'probation';
  const inRow = failuresInARow.find((one) => {
    const limit = policy[one];
    return limit > 0 && inARow[one] >= (onTrial ? 1 : limit) - hair;
  });
  const times = onTrial ? state.times : 0;
  if (inRow === undefined || !mayEject) return { ...state, inARow };
  const cause = result === 'other-protocol' ? 'otherProtocol' : inRow;
  return { kind: 'ejected', until: now + ejectionMs(policy, times), times: times + 1, cause };
}

/**
 * As Envoy counts: an answer of 502, 503 or 504 is a gateway failure, and a 5xx besides; any other 5xx ends a row of
 * gateway failures. What never became an answer is of local origin; it counts as a gateway failure and a 5xx, unless
 * `splitExternalLocalOriginErrors` has it counted apart.
 */
function oneMore(
  before: InARow,
  result: Exclude<TryResult, 'ok' | 'abandoned'>,
  { splitExternalLocalOriginErrors: isSplit }: OutlierPolicy,
  copies: number,
): InARow {
  const part = 1 / copies;
  switch (result) {
    case 'server-error':
      return {
        consecutiveLocalOriginFailure: 0,
        consecutiveGatewayFailure: 0,
        consecutive5xx: before.consecutive5xx + part,
      };
    case 'gateway-error':
      return {
        consecutiveLocalOriginFailure: 0,
        consecutiveGatewayFailure: before.consecutiveGatewayFailure + part,
        consecutive5xx: before.consecutive5xx + part,
      };
    case 'failed':
    case 'unsent':
    case 'other-protocol':
      return isSplit
        ? {
            ...before,
            consecutiveLocalOriginFailure: before.consecutiveLocalOriginFailure + 1,
          }
        : {
            consecutiveLocalOriginFailure: 0,
            consecutiveGatewayFailure: before.consecutiveGatewayFailure + 1,
            consecutive5xx: before.consecutive5xx + 1,
          };
  }
}

/** The state at `now`: an ejection that is over becomes a probation. */
export function afterTime(state: OutlierState, now: number): OutlierState {
  if (state.kind !== 'ejected' || now < state.until) return state;
  return { kind: 'probation', times: state.times, inARow: nothing };
}

/**
 * The state when a check that had failed passes again: out no longer, but on trial (as Envoy's
 * `successful_active_health_check_uneject_host`).
 */
export function afterRecovery(state: OutlierState): OutlierState {
  return state.kind === 'ejected'
    ? { kind: 'probation', times: state.times, inARow: nothing }
    : state;
}

/** Milliseconds of the ejection that follows `times` earlier ones: `base x 2^times`, at most `max`. */
export function ejectionMs(policy: OutlierPolicy, times: number): number {
  return Math.min(policy.maxEjectionMs, policy.baseEjectionMs * 2 ** Math.min(times, 30));
}

/** Whether one more of `total` may be ejected when `ejected` are: within the cap, yet one always may. */
export function mayEjectOneMore(policy: OutlierPolicy, ejected: number, total: number): boolean {
  return ejected < Math.max(1, Math.floor((total * policy.maxEjectedPercent) / 100));
}
