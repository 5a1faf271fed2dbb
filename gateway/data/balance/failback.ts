/** Owns how load returns: away from a failing tier at once, back to a better one only after a hold and then by a ramp. */
import type { FailbackPolicy } from '../../../policy/traffic-policy.ts';

/** A tier's load by the formula. */
export interface TargetLoad {
  /** Identifies the tier from one decision to the next. */
  readonly name: string;
  /** Whole percent of all requests. */
  readonly load: number;
  /** Most that the tier could carry, whole percent; what lies above it moves at once. */
  readonly room: number;
}

/**
 * How the share of a tier and all better ones together may grow.
 * steady: freely, for it has all it should. holding: not yet. ramping: by 100 % in `rampMs`.
 */
type FailbackState =
  | { readonly kind: 'steady' }
  | { readonly kind: 'holding'; readonly since: number; readonly from: number }
  | { readonly kind: 'ramping'; readonly since: number; readonly from: number };

export interface GovernedTier {
  readonly name: string;
  /** Whole percent in force. */
  readonly load: number;
  /** Whole percent it is on the way to. */
  readonly target: number;
  readonly state: FailbackState;
}

export interface Governed {
  readonly tiers: readonly GovernedTier[];
  /** When to govern again even if nothing else changes, on the same clock as `now`. */
  readonly nextAt: number | undefined;
}

const steady: FailbackState = { kind: 'steady' };
/** A ramp is taken in this many steps. */
const rampSteps = 20;

/**
 * Governs the way from the loads in force to `targets`, best tier first. It rules the share of the best tiers
 * *together*, boundary by boundary: such a share falls at once (a failing tier spills to worse ones), and
 * rises by hold and ramp (load comes back from worse ones). If a worse tier can no longer carry what is
 * still on it, the better ones take that at once. Without `previous` nothing is governed.
 */
export function govern(
  previous: Governed | undefined,
  targets: readonly TargetLoad[],
  policy: FailbackPolicy,
  now: number,
): Governed {
  const carried = previous?.tiers.reduce((sum, tier) => sum + tier.load, 0) ?? 0;
  const wanted = targets.reduce((sum, tier) => sum + tier.load, 0);
  if (previous === undefined || carried === 0 || wanted === 0) return atOnce(targets);

  const before = new Map(previous.tiers.map((tier) => [tier.name, tier]));
  const goals = prefixSums(targets.map((tier) => tier.load));
  const held = prefixSums(targets.map((tier) => before.get(tier.name)?.load ?? 0));
  // Load of tiers that are gone belongs to nobody: the best able tier may take it at once.
  const orphaned = carried - (held.at(-1) ?? 0);
  const states = targets.map((tier, i) =>
    next(
      before.get(tier.name)?.state ?? steady,
      (held[i] ?? 0) + orphaned,
      goals[i] ?? 0,
      policy,
      now,
    ),
  );

  const shares = goals.map((goal, i) => Math.min(goal, ceiling(states[i] ?? steady, policy, now)));
  shares[shares.length - 1] = wanted;
  for (let i = 1; i < shares.length; i++) shares[i] = Math.max(shares[i] ?? 0, shares[i - 1] ?? 0);
  for (let i = shares.length - 1; i > 0; i--) {
    const least = (shares[i] ?? 0) - Math.max(targets[i]?.room ?? 0, targets[i]?.load ?? 0);
    shares[i - 1] = Math.max(shares[i - 1] ?? 0, least);
  }

  const tiers = targets.map(({ name, load }, i): GovernedTier => {
    const share = shares[i] ?? 0;
    return {
      name,
      load: share - (shares[i - 1] ?? 0),
      target: load,
      state: settled(states[i] ?? steady, share, goals[i] ?? 0, policy, now),
    };
  });
  return { tiers, nextAt: nextChange(tiers, policy, now) };
}

/** Moves a boundary's state on: its share in force is `share`, and `goal` is what it should be. */
function next(
  state: FailbackState,
  share: number,
  goal: number,
  policy: FailbackPolicy,
  now: number,
): FailbackState {
  if (goal <= share) return steady;
  const waiting: FailbackState =
    state.kind === 'steady' ? { kind: 'holding', since: now, from: share } : state;
  if (waiting.kind === 'ramping' || now - waiting.since < policy.holdMs) return waiting;
  return { kind: 'ramping', since: waiting.since + policy.holdMs, from: waiting.from };
}

/** The most that a boundary's share may be now. */
function ceiling(state: FailbackState, policy: FailbackPolicy, now: number): number {
  if (state.kind === 'steady') return 100;
  if (state.kind === 'holding') return state.from;
  const grown = policy.rampMs <= 0 ? 100 : (100 * (now - state.since)) / policy.rampMs;
  return Math.min(100, Math.floor(state.from + grown));
}

/** The state after need has overruled it: a share pushed above its ceiling goes on from there. */
function settled(
  state: FailbackState,
  share: number,
  goal: number,
  policy: FailbackPolicy,
  now: number,
): FailbackState {
  if (share >= goal) return steady;
  if (state.kind === 'steady' || share <= ceiling(state, policy, now)) return state;
  return state.kind === 'holding'
    ? { ...state, from: share }
    : { ...state, since: now, from: share };
}

function nextChange(
  tiers: readonly GovernedTier[],
  policy: FailbackPolicy,
  now: number,
): number | undefined {
  const times = tiers.flatMap(({ state }) => {
    if (state.kind === 'holding') return [state.since + policy.holdMs];
    return state.kind === 'ramping' ? [now + Math.max(1, policy.rampMs / rampSteps)] : [];
  });
  return times.length === 0 ? undefined : Math.min(...times);
}

function atOnce(targets: readonly TargetLoad[]): Governed {
  return {
    tiers: targets.map(({ name, load }) => ({ name, load, target: load, state: steady })),
    nextAt: undefined,
  };
}

function prefixSums(numbers: readonly number[]): number[] {
  let sum = 0;
  return numbers.map((number) => {
    sum += number;
    return sum;
  });
}
