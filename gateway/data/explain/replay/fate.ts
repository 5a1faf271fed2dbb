/** Owns what may become of a real request by some policies, and how one fate differs from another. */
import type { ErrorCode } from '../../../../core/error-codes.ts';
import type { PolicyResource } from '../../../../policy/effective.ts';

export const endKinds = ['goes', 'refused', 'limited', 'answered', 'unknown'] as const;

/** Where a request ends. */
export interface End {
  readonly kind: (typeof endKinds)[number];
  /** A clause, without a full stop: the same for the same end. */
  readonly says: string;
  /** Of one that goes on: the cluster that serves it. */
  readonly cluster?: string | undefined;
  /** The policy that decides, by its name among all. */
  readonly policy?: string | undefined;
  /** The rule of it that decides, from 1 on. */
  readonly rule?: number | undefined;
  readonly code?: ErrorCode | undefined;
  /** Of what is unknown: the policies of its service that steps go by. */
  readonly by?: readonly PolicyResource[] | undefined;
}

/** A request may end in several ways: `share`, 0 to 1, of such requests ends so. */
export interface Part {
  readonly end: End;
  readonly share: number;
}

/** The shares are 1 together. */
export type Fate = readonly Part[];

/** `share` of such requests would end otherwise. */
export interface Move {
  readonly from: End;
  readonly to: End;
  readonly share: number;
}

const least = 1e-9;

/** What leaves ends and what comes to others, each of the one as if from each of the other. Empty where nothing changes. */
export function movesBetween(before: Fate, after: Fate): Move[] {
  const lost = excess(before, after);
  const gained = excess(after, before);
  const moved = gained.reduce((sum, { share }) => sum + share, 0);
  if (moved < least) return [];
  return lost.flatMap((from) =>
    gained.map((to) => ({
      from: from.end,
      to: to.end,
      share: (from.share * to.share) / moved,
    })),
  );
}

/** By how much the parts of one fate are more than those of another. */
function excess(one: Fate, other: Fate): Part[] {
  return summed(one).flatMap(({ end, share }) => {
    const others = summed(other).find((part) => isSame(part.end, end))?.share ?? 0;
    return share - others > least ? [{ end, share: share - others }] : [];
  });
}

function summed(fate: Fate): Part[] {
  const parts: Part[] = [];
  for (const part of fate) {
    const at = parts.findIndex(({ end }) => isSame(end, part.end));
    const known = parts[at];
    if (known === undefined) parts.push(part);
    else parts[at] = { end: known.end, share: known.share + part.share };
  }
  return parts;
}

/** Two unknowns are one only where the very same policies decide. */
function isSame(a: End, b: End): boolean {
  if (a.kind !== b.kind || a.says !== b.says) return false;
  // It is where a request goes that counts, whoever sends it there.
  if (a.kind !== 'goes' && a.policy !== b.policy) return false;
  if (a.kind !== 'unknown') return true;
  const [one = [], other = []] = [a.by, b.by];
  return one.length === other.length && one.every((policy, i) => policy === other[i]);
}
