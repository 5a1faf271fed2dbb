/** Owns judging a row by what came of it. */
import type { Account } from './ledger.ts';

/** What came of a fault, beside its requests. */
export interface Course {
  /** From the end of the cause until every gateway was well; undefined where that did not come by itself. */
  readonly recoveredMs: number | undefined;
  /** What the scene lacked when that was waited for no longer. */
  readonly lacking?: string;
  /** Until a datacenter that vanished was out of rotation; undefined where none was to. */
  readonly outOfRotationMs: number | undefined;
  /** What status was to name and did not, in words. */
  readonly unnamed: readonly string[];
}

/** And one round trip, of which there is next to none in the scene. */
const outOfRotationMs = 1_500;

/** Why a row fails; none when it passes. */
export function faultsOf(account: Account, course: Course): readonly string[] {
  const { failed, twice, unexecuted } = account;
  const counts: readonly (readonly [count: number, what: string])[] = [
    [failed.GET.other, 'GETs failed that were not in flight on what was lost'],
    [failed.POST.other, 'POSTs failed that were not in flight on what was lost'],
    [twice.GET.other, 'GETs were executed twice that were not in flight on what was lost'],
    [twice.POST.onLost + twice.POST.other, 'POSTs were executed twice'],
    [unexecuted, 'requests were answered, and executed nowhere'],
  ];
  const wrong = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  const late = course.outOfRotationMs !== undefined && course.outOfRotationMs > outOfRotationMs;
  return [
    ...(account.requests === 0 ? ['nothing was asked'] : []),
    ...wrong,
    ...(late ? [`out of rotation after ${Math.round(course.outOfRotationMs ?? 0)} ms`] : []),
    ...(course.recoveredMs === undefined ? [`did not heal by itself: ${course.lacking}`] : []),
    ...course.unnamed,
  ];
}
