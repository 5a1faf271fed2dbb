/** Specifies which earlier drill a report is held against, and how they differ. */
import test from 'ava';
import { compare, lastLike } from '../../../federation/drills/compare.ts';
import { type Drill, type Report, reportSchema } from '../../../federation/drills/model.ts';
import { reportModel } from '../../../federation/drills/report-model.ts';
import type { DrillSpecInput } from '../../../federation/drills/spec.ts';
import { drill, evacuation, nothingPredicted, runningDrill } from './specs.ts';

const traffic = { seconds: 60, requests: 1000, errors: 0, errorRate: 0, requestsPerSecond: 17 };

function reportOf(id: string, startedAt: number, rest: Partial<Report> = {}): Report {
  return reportSchema.parse({
    ...{ id, federation: 'acme', spec: evacuation, forced: false, state: 'done' },
    driver: { cluster: 'dc1', gateway: 'gw1' },
    ...{ startedAt, endedAt: startedAt + 80_000, prediction: nothingPredicted },
    ...{ before: traffic, during: traffic, after: traffic, timing: {}, load: [], decisions: [] },
    ...{ moments: [], verdict: { passed: true, objectives: [] }, timeline: [] },
    ...rest,
  });
}

function over(report: Report | undefined, id = report?.id ?? 'none'): Drill {
  return runningDrill(id, { state: 'done', report });
}

function like(spec: DrillSpecInput): Partial<Report> {
  return { spec: drill(spec) };
}

test('the last one like it: of the same kind and scope, reported on, and before it', (t) => {
  const now = reportOf('now', 5_000);
  const [older, newer] = [reportOf('older', 1_000), reportOf('newer', 3_000)];
  const table: readonly (readonly [string, readonly Drill[], string | undefined])[] = [
    ['none', [], undefined],
    ['the newest, in whatever order', [over(newer), over(older)], 'newer'],
    ['the newest, in whatever order', [over(older), over(newer)], 'newer'],
    ['not itself', [over(now)], undefined],
    ['not one that began at once or later', [over(reportOf('twin', 5_000))], undefined],
    ['not one without a report', [over(undefined), over(older)], 'older'],
    [
      'not of another kind',
      [over(reportOf('hole', 4_000, like({ kind: 'black-hole', scope: { cluster: 'dc1' } })))],
      undefined,
    ],
    [
      'not of another scope',
      [over(reportOf('dc2', 4_000, like({ kind: 'evacuate', scope: { cluster: 'dc2' } })))],
      undefined,
    ],
    [
      'however it was paced and guarded',
      [over(reportOf('slower', 4_000, like({ ...evacuation, ramp: '60s', duration: '90s' })))],
      'slower',
    ],
  ];
  for (const [what, drills, id] of table) t.is(lastLike(now, drills)?.id, id, what);
});

test('a difference is this less that: below zero is better', (t) => {
  const earlier = reportOf('earlier', 0, {
    timing: { detectMs: 100, shiftMs: 900, recoverMs: 400 },
    during: { ...traffic, errorRate: 0.02, p99Ms: 80 },
    verdict: { passed: false, objectives: [] },
  });
  const now = reportOf('now', 100_000, {
    timing: { detectMs: 150, shiftMs: 500, recoverMs: 400 },
    during: { ...traffic, errorRate: 0.005, p99Ms: 60 },
  });
  t.deepEqual(compare(now, earlier) as unknown, {
    with: 'earlier',
    endedAt: 80_000,
    passed: false,
    detectMs: 50,
    shiftMs: -400,
    recoverMs: 0,
    errorRate: -0.015,
    p99Ms: -20,
  });
});

test('what can not be told apart is neither better nor worse', (t) => {
  const timed = (shiftMs: number) => ({ timing: { shiftMs } });
  const [a, b] = [reportOf('a', 0, timed(900)), reportOf('b', 1, timed(900.001))];
  const report = { ...b, comparison: compare(b, a) };
  const table = reportModel(report).tables.find(({ title }) => title.startsWith('Beside'));
  t.deepEqual(table?.rows.slice(2), [
    ['Errors during', 'the same'],
    ['Time to shift', 'the same'],
  ]);
});

test('what either could not measure is not compared', (t) => {
  const timed = { timing: { shiftMs: 900 } };
  const [a, b] = [reportOf('a', 0, timed), reportOf('b', 1)];
  for (const found of [compare(a, b), compare(b, a)]) {
    t.deepEqual(Object.keys(found).sort(), ['endedAt', 'errorRate', 'passed', 'with']);
  }
});
