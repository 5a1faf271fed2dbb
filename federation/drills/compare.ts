/** Owns how a drill did beside the last one like it. */
import { isDeepStrictEqual } from 'node:util';
import type { Comparison, Drill, Report } from './model.ts';

/** The newest ended drill of the same kind and scope that has a report, `report` itself not among them. */
export function lastLike(
  report: Pick<Report, 'id' | 'spec' | 'startedAt'>,
  drills: Iterable<Drill>,
): Report | undefined {
  let last: Report | undefined;
  for (const { report: other } of drills) {
    if (!other || other.id === report.id || other.startedAt >= report.startedAt) continue;
    if (!isAlike(other, report)) continue;
    if (!last || other.startedAt > last.startedAt) last = other;
  }
  return last;
}

/** How `report` differs from `earlier`. */
export function compare(report: Report, earlier: Report): Comparison {
  const difference = (a: number | undefined, b: number | undefined) =>
    a === undefined || b === undefined ? undefined : a - b;
  const found = {
    detectMs: difference(report.timing.detectMs, earlier.timing.detectMs),
    shiftMs: difference(report.timing.shiftMs, earlier.timing.shiftMs),
    recoverMs: difference(report.timing.recoverMs, earlier.timing.recoverMs),
    p99Ms: difference(report.during.p99Ms, earlier.during.p99Ms),
  };
  return {
    with: earlier.id,
    endedAt: earlier.endedAt,
    passed: earlier.verdict.passed,
    errorRate: report.during.errorRate - earlier.during.errorRate,
    ...Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)),
  };
}

function isAlike(a: Pick<Report, 'spec'>, b: Pick<Report, 'spec'>): boolean {
  return a.spec.kind === b.spec.kind && isDeepStrictEqual(a.spec.scope, b.spec.scope);
}
