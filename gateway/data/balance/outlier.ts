/** Owns passive ejection: what fails is out for a while, longer each time (after Envoy's outlier detection). */
import {
  type FailureInARow,
  failuresInARow,
  type OutlierPolicy,
} from '../../../policy/traffic/outlier.ts';
import type { EjectionCause, TryResult } from './types.ts';

/** Failures in a row by what they count towards; an answer of another cluster is a fraction of one. */
type InARow = Readonly<Record<FailureInARow, number>>;

/** Ejections that count towards the next one: so many at `since`, when the last was over, and one less with each interval after. */
interface Past {
  readonly multiplier: number;
  /** Monotonic milliseconds. */
  readonly since: number;
}

/**
 * trusted: it takes `policy[cause]` failures in a row. ejected: out until `until`, for `multiplier` times the base.
 * probation: back on trial, so that one failure ejects it again and one success clears it.
 */
export type OutlierState =
  | { readonly kind: 'trusted'; readonly inARow: InARow; readonly past: Past }
  | {
      readonly kind: 'ejected';
      readonly until: number;
      readonly multiplier: number;
      readonly cause: EjectionCause;
    }
  | { readonly kind: 'probation'; readonly inARow: InARow; readonly past: Past };

const nothing: InARow = {
  consecutiveLocalOriginFailure: 0,
  consecutiveGatewayFailure: 0,
  consecutive5xx: 0,
};
const noPast: Past = { multiplier: 0, since: 0 };

export const trusted: OutlierState = { kind: 'trusted', inARow: nothing, past: noPast };

/** Answers count as fractions, one of `copies` each; their sum may miss a whole number by rounding. */
const hair = 1e-6;

/**
 * The state after a try ended at `now`. `mayEject` is whether the caps leave room. A try the client abandoned says
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
  if (result === 'ok') {
    if (state.kind === 'trusted' && state.inARow === nothing) return state;
    return state.past === noPast ? trusted : { ...state, kind: 'trusted', inARow: nothing };
  }
  const inARow = oneMore(state.inARow, result, policy, copies);
  const onTrial = state.kind === 'probation';
  const inRow = failuresInARow.find((one) => {
    const limit = policy[one];
    return limit > 0 && inARow[one] >= (onTrial ? 1 : limit) - hair;
  });
  if (inRow === undefined || !mayEject) return { ...state, inARow };
  return ejectedFor(state, result === 'other-protocol' ? 'otherProtocol' : inRow, now, policy);
}

/** The state of a target that is in, once it is ejected at `now`. */
export function ejectedFor(
  { past }: Exclude<OutlierState, { kind: 'ejected' }>,
  cause: EjectionCause,
  now: number,
  policy: OutlierPolicy,
): OutlierState {
  // Beyond the longest time it stops to grow, as Envoy's: else it would take as many intervals to wear off.
  const most = Math.ceil(policy.maxEjectionMs / policy.baseEjectionMs) || 1;
  const multiplier = Math.min(most, leftOf(past, now, policy) + 1);
  const ms = Math.min(policy.maxEjectionMs, policy.baseEjectionMs * multiplier);
  return { kind: 'ejected', until: now + ms, multiplier, cause };
}

function leftOf({ multiplier, since }: Past, now: number, { intervalMs }: OutlierPolicy): number {
  if (multiplier === 0) return 0;
  return Math.max(0, multiplier - Math.floor((now - since) / intervalMs));
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
  return state.kind === 'ejected' && now >= state.until ? onTrial(state, state.until) : state;
}

/**
 * The state when an active check has passed: out no longer, but on trial, as Envoy's `successful_active_health_check_uneject_host`. A
 * check says nothing of the protocol that requests are to be spoken in.
 */
export function afterCheck(state: OutlierState, now: number): OutlierState {
  return state.kind === 'ejected' && state.cause !== 'otherProtocol' ? onTrial(state, now) : state;
}

/** Parts of an ejection's time that another cluster is out: nobody checks a service there from here, to end it sooner. */
const clusterPart = 6;

/** How targets of a kind are judged. */
export function judgedAs(kind: 'endpoint' | 'cluster', policy: OutlierPolicy): OutlierPolicy {
  if (kind === 'endpoint') return policy;
  return {
    ...policy,
    baseEjectionMs: policy.baseEjectionMs / clusterPart,
    maxEjectionMs: policy.maxEjectionMs / clusterPart,
  };
}

/** The state when what had failed is well again (a check that passes, a link that is up): out no longer, but on trial. */
export function afterRecovery(state: OutlierState, now: number): OutlierState {
  return state.kind === 'ejected' ? onTrial(state, now) : state;
}

function onTrial({ multiplier }: { readonly multiplier: number }, since: number): OutlierState {
  return { kind: 'probation', inARow: nothing, past: { multiplier, since } };
}

/**
 * Whether one more of `total` endpoints of a cluster may be ejected when `ejected` are: within the cap, yet one always may. The last
 * of `usable` ones may not, unless others can take what it leaves: a cluster is not emptied to nobody's good. 100 % is no cap.
 */
export function mayEjectOneMore(
  { maxEjectedPercent }: OutlierPolicy,
  { ejected, total, usable }: { ejected: number; total: number; usable: number },
  hasOthers: boolean,
): boolean {
  if (maxEjectedPercent >= 100) return true;
  if (usable <= 1 && !hasOthers) return false;
  return ejected < Math.max(1, Math.floor((total * maxEjectedPercent) / 100));
}
