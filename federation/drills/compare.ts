/** Owns how a drill did beside another: what is compared, the last one like it, and the difference. */
import type { Comparison, Drill, Report } from './model.ts';
import { scopeText } from './words.ts';

/** Milliseconds that two drills are compared by: less is better. */
export const measures = [
  { name: 'detectMs', title: 'Time to detect', of: ({ timing }: Report) => timing.detectMs },
  { name: 'shiftMs', title: 'Time to shift', of: ({ timing }: Report) => timing.shiftMs },
  { name: 'recoverMs', title: 'Time to recover', of: ({ timing }: Report) => timing.recoverMs },
  { name: 'revertMs', title: 'Time to revert', of: ({ timing }: Report) => timing.revertMs },
  { name: 'p99Ms', title: 'p99 during', of: ({ during }: Report) => during.p99Ms },
] as const;

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

/** How `report` differs from `earlier`; of what either could not measure nothing is said. */
export function compare(report: Report, earlier: Report): Comparison {
  const differences = measures.flatMap(({ name, of }) => {
    const [now, then] = [of(report), of(earlier)];
    return now === undefined || then === undefined ? [] : [[name, now - then] as const];
  });
  return {
    with: earlier.id,
    endedAt: earlier.endedAt,
    passed: earlier.verdict.passed,
    errorRate: report.during.errorRate - earlier.during.errorRate,
    ...Object.fromEntries(differences),
  };
}

function isAlike(a: Pick<Report, 'spec'>, b: Pick<Report, 'spec'>): boolean {
  return a.spec.kind === b.spec.kind && scopeText(a.spec.scope) === scopeText(b.spec.scope);
}
