/** Owns what a report says to a person, apart from how it is laid out: a title, a verdict, and tables. */
import { percentText } from './guardrails.ts';
import type { Report, Traffic } from './model.ts';
import { scopeText } from './spec.ts';

export interface ReportTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface ReportText {
  readonly title: string;
  readonly verdict: string;
  readonly tables: readonly ReportTable[];
}

export function reportText(report: Report): ReportText {
  const { spec, verdict } = report;
  return {
    title: `Drill ${report.id}: ${spec.kind} ${scopeText(spec.scope)}`,
    verdict: verdict.passed ? 'Passed' : 'Failed',
    tables: [
      aboutTable(report),
      objectivesTable(report),
      trafficTable(report),
      timingTable(report),
      loadTable(report),
      predictionTable(report),
      decisionsTable(report),
      comparisonTable(report),
      timelineTable(report),
    ].filter(({ rows }) => rows.length > 0),
  };
}

function aboutTable(report: Report): ReportTable {
  const { spec, driver } = report;
  const rows: [string, string][] = [
    ['Federation', report.federation],
    ['Driven by', `${driver.cluster}/${driver.gateway}`],
    ['Began', iso(report.startedAt)],
    ['Over', iso(report.endedAt)],
    ['Ramp, duration', `${spec.ramp}, ${spec.duration}`],
    ['Ended', report.abortedBy ? `aborted: ${report.abortedBy.what}` : 'by itself'],
  ];
  if (spec.slow) rows.push(['Slower by', `${spec.slow.delay}, give or take ${spec.slow.jitter}`]);
  if (spec.fail) rows.push(['Failing', `${spec.fail.percent} % with ${spec.fail.status}`]);
  if (report.forced) rows.push(['Forced', 'yes']);
  if (spec.reason !== undefined) rows.push(['Reason', spec.reason]);
  if (report.signature)
    rows.push(['Signed by', `${driver.cluster}, key ${report.signature.keyId}`]);
  return { title: 'The drill', columns: ['', ''], rows };
}

function objectivesTable({ verdict }: Report): ReportTable {
  const rows = verdict.objectives.map(({ name, met, what }) => [
    name,
    met ? 'met' : 'missed',
    what,
  ]);
  return { title: 'Objectives', columns: ['Objective', 'Verdict', 'Measured'], rows };
}

function trafficTable({ before, during, after }: Report): ReportTable {
  const parts: [string, Traffic][] = [
    ['before', before],
    ['during', during],
    ['after', after],
  ];
  return {
    title: 'Requests',
    columns: ['', 'Seconds', 'Requests', 'Per second', 'Errors', 'Error rate', 'p50', 'p99'],
    rows: parts.map(([name, traffic]) => [
      name,
      oneDecimal(traffic.seconds),
      String(traffic.requests),
      oneDecimal(traffic.requestsPerSecond),
      String(traffic.errors),
      percentText(traffic.errorRate),
      ms(traffic.p50Ms),
      ms(traffic.p99Ms),
    ]),
  };
}

const timings = {
  inForceMs: 'In force at every gateway',
  detectMs: 'First traffic moved (detected)',
  shiftMs: 'Nine tenths of it moved (shifted)',
  recoverMs: 'Recovered, counted from being in force in full',
  revertMs: 'Effect gone again',
} as const;

function timingTable({ timing }: Report): ReportTable {
  const rows = Object.entries(timings).map(([name, label]) => [
    label,
    ms(timing[name as keyof typeof timings]),
  ]);
  return { title: 'Times', columns: ['', 'After'], rows };
}

function loadTable({ load }: Report): ReportTable {
  return {
    title: 'Load: predicted and measured',
    columns: ['Cluster', 'Before', 'Predicted', 'Measured', 'Capacity', 'Off by'],
    rows: load.map(({ cluster, before, predicted, measured, capacity }) => [
      cluster,
      perSecond(before),
      perSecond(predicted),
      perSecond(measured),
      capacity === undefined ? '-' : perSecond(capacity),
      perSecond(measured - predicted),
    ]),
  };
}

function predictionTable({ prediction }: Report): ReportTable {
  const rows = [
    ...prediction.breaks.map(({ guardrail, what }) => [`breaks ${guardrail}`, what]),
    ...prediction.notes.map((note) => ['note', note]),
  ];
  return { title: 'The prediction also said', columns: ['', ''], rows };
}

function decisionsTable({ decisions, driver }: Report): ReportTable {
  return {
    title: `What decided, as seen from ${driver.cluster}`,
    columns: ['Service', 'Tier', 'Load', 'Why'],
    rows: decisions.map(({ service, tier, load, reason }) => [service, tier, `${load} %`, reason]),
  };
}

function comparisonTable({ comparison }: Report): ReportTable {
  if (!comparison) return { title: '', columns: [], rows: [] };
  const rows: [string, string][] = [
    ['Earlier drill', `${comparison.with}, ${comparison.passed ? 'passed' : 'failed'}`],
    ['Over', iso(comparison.endedAt)],
    ['Error rate', signed(comparison.errorRate * 100, ' points')],
  ];
  for (const [name, label] of [
    ['detectMs', 'Detected'],
    ['shiftMs', 'Shifted'],
    ['recoverMs', 'Recovered'],
    ['p99Ms', 'p99 during'],
  ] as const) {
    const difference = comparison[name];
    if (difference !== undefined) rows.push([label, signed(difference, ' ms')]);
  }
  return { title: 'Beside the last one like it', columns: ['', ''], rows };
}

function timelineTable({ timeline }: Report): ReportTable {
  return {
    title: 'Timeline',
    columns: ['When', 'What', ''],
    rows: timeline.map(({ at, kind, cluster, what }) => [
      iso(at),
      kind,
      cluster === undefined ? what : `${cluster}: ${what}`,
    ]),
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

function ms(value: number | undefined): string {
  return value === undefined ? '-' : `${oneDecimal(value)} ms`;
}

function perSecond(value: number): string {
  return `${oneDecimal(value)}/s`;
}

function oneDecimal(value: number): string {
  return String(Number(value.toFixed(1)));
}

function signed(value: number, unit: string): string {
  return `${value > 0 ? '+' : ''}${Number(value.toFixed(2))}${unit}`;
}
