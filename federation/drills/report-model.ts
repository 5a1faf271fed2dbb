/** Owns the content of a report for a person, however it is laid out: a title, a verdict, and tables. Markdown, the HTML page and the UI show these. */
import { measures } from './compare.ts';
import type { Report, Traffic } from './model.ts';
import type { DrillSpec } from './spec.ts';
import { percentText, scopeText } from './words.ts';

export interface ReportTable {
  readonly id: string;
  readonly title: string;
  readonly columns: readonly string[];
  /** The first cell of each is its row's title. */
  readonly rows: readonly (readonly string[])[];
  /** All but the row's title are numbers. */
  readonly numeric?: boolean;
}

interface ReportModel {
  readonly title: string;
  readonly verdict: string;
  /** The tables that are not empty. */
  readonly tables: readonly ReportTable[];
}

export function reportModel(report: Report): ReportModel {
  const { spec, verdict } = report;
  const facts = (id: string, title: string, rows: ReportTable['rows']) => ({
    ...{ id, title, columns: ['', ''], rows },
  });
  return {
    title: `Drill ${report.id}: ${spec.kind} ${scopeText(spec.scope)}`,
    verdict: verdict.passed ? 'Passed' : 'Failed',
    tables: [
      facts('about', 'The drill', aboutRows(report)),
      {
        id: 'objectives',
        title: 'Objectives',
        columns: ['Objective', 'Result', 'Measured'],
        rows: verdict.objectives.map(({ name, met, what }) => [name, met ? 'met' : 'missed', what]),
      },
      trafficTable(report),
      timingTable(report),
      loadTable(report),
      foreseenTable(report),
      facts('predicted', 'The prediction also said', [
        ...report.prediction.breaks.map(({ guardrail, what }) => [`breaks ${guardrail}`, what]),
        ...report.prediction.notes.map((note) => ['note', note]),
      ]),
      decisionsTable(report),
      facts('comparison', 'Beside the last one like it', comparisonRows(report)),
      {
        id: 'timeline',
        title: 'Timeline',
        columns: ['When', 'What', ''],
        rows: report.timeline.map(({ at, kind, cluster, what }) => [
          iso(at),
          kind,
          cluster === undefined ? what : `${cluster}: ${what}`,
        ]),
      },
    ].filter(({ rows }) => rows.length > 0),
  };
}

/** A drill as it was asked for. */
export function specRows(spec: DrillSpec): [string, string][] {
  const { slow, fail, guardrails, overrides = {}, objectives, reason } = spec;
  const watched = [
    `errors ${percentText(guardrails.errorRate)}`,
    `load ${percentText(guardrails.load)}`,
    `healthy at least ${guardrails.minHealthy}`,
    ...(guardrails.p99 === undefined ? [] : [`p99 ${guardrails.p99}`]),
    `limit ${guardrails.timeLimit}`,
  ];
  const instead = Object.entries(overrides).filter(([, limit]) => limit !== undefined);
  const { rto, errorBudget } = objectives;
  const rows: (readonly [string, string] | undefined)[] = [
    ['Kind', spec.kind],
    ['Scope', scopeText(spec.scope)],
    ['Ramp, duration', `${spec.ramp}, ${spec.duration}`],
    slow && ['Slower by', `${slow.delay}, give or take ${slow.jitter}`],
    fail && ['Failing', `${fail.percent} % with ${fail.status}`],
    ['Guardrails', watched.join(', ')],
    instead.length === 0
      ? undefined
      : ['In their place', instead.map(([name, limit]) => `${name} ${limit}`).join(', ')],
    ['Objectives', `recovery ${rto}, error budget ${percentText(errorBudget)}`],
    reason === undefined ? undefined : ['Reason', reason],
  ];
  return rows.flatMap((row) => (row ? [[...row] as [string, string]] : []));
}

function aboutRows(report: Report): [string, string][] {
  const { spec, driver, witness, signature, forced } = report;
  const rows: [string, string][] = [
    ['Federation', report.federation],
    ['Driven by', `${driver.cluster}/${driver.gateway}`],
    ['Counted', report.prediction.concern.what],
    ['Began', iso(report.startedAt)],
    ['Over', iso(report.endedAt)],
    ['Ended', report.abortedBy ? `aborted: ${report.abortedBy.what}` : 'by itself'],
    ...specRows(spec),
  ];
  if (witness) {
    rows.push(['Reported by', `${witness.cluster}/${witness.gateway}, for its driver was lost`]);
  }
  if (forced) rows.push(['Forced', forcedText(report)]);
  if (signature) {
    rows.push(['Signed by', `${(witness ?? driver).cluster}, key ${signature.keyId}`]);
  }
  return rows;
}

/** Each guardrail that did not hold, and what held in its place. */
function forcedText({ spec: { guardrails, overrides = {} } }: Report): string {
  const instead = Object.entries(overrides).flatMap(([name, limit]) => {
    const was = guardrails[name as keyof typeof overrides];
    return limit === undefined ? [] : `${name} ${limit} in place of ${was ?? 'none'}`;
  });
  return instead.length === 0 ? 'yes, within its guardrails' : `yes: ${instead.join(', ')}`;
}

function trafficTable({ before, during, after }: Report): ReportTable {
  const row = (part: string, traffic: Traffic) => [
    part,
    oneDecimal(traffic.seconds),
    String(traffic.requests),
    oneDecimal(traffic.requestsPerSecond),
    String(traffic.errors),
    percentText(traffic.errorRate),
    ms(traffic.p50Ms),
    ms(traffic.p99Ms),
  ];
  const columns = ['Seconds measured', 'Requests', 'Per second', 'Errors', 'Error rate'];
  return {
    ...{ id: 'traffic', title: 'Requests', numeric: true },
    columns: ['Part', ...columns, 'p50', 'p99'],
    rows: [row('before', before), row('during', during), row('after', after)],
  };
}

function timingTable({ timing }: Report): ReportTable {
  return {
    ...{ id: 'timing', title: 'Times', columns: ['Until', 'After'], numeric: true },
    rows: [
      ['In force at every gateway', ms(timing.inForceMs)],
      ['First traffic moved (detected)', ms(timing.detectMs)],
      ['Nine tenths of it moved (shifted)', ms(timing.shiftMs)],
      ['Recovered, counted from being in force in full', ms(timing.recoverMs)],
      ['Effect gone, counted from beginning to revert', ms(timing.goneMs)],
      ['Load back (reverted), counted from the same', ms(timing.revertMs)],
    ],
  };
}

function loadTable({ load }: Report): ReportTable {
  return {
    ...{ id: 'load', title: 'Load by cluster: predicted and measured', numeric: true },
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

function foreseenTable({ prediction, during }: Report): ReportTable {
  return {
    ...{ id: 'foreseen', title: 'Errors and p99: predicted and measured', numeric: true },
    columns: ['Measure', 'Predicted', 'Measured'],
    rows: [
      ['Error rate', percentText(prediction.errorRate), percentText(during.errorRate)],
      ['p99', ms(prediction.p99Ms), ms(during.p99Ms)],
    ],
  };
}

function decisionsTable({ decisions, driver, witness }: Report): ReportTable {
  return {
    id: 'decisions',
    title: `What decided, as seen from ${(witness ?? driver).cluster}`,
    columns: ['Service', 'Tier', 'Load', 'Why'],
    rows: decisions.map(({ service, tier, load, reason }) => [service, tier, `${load} %`, reason]),
  };
}

function comparisonRows({ comparison }: Report): [string, string][] {
  if (!comparison) return [];
  const rows: [string, string][] = [
    ['Earlier drill', `${comparison.with}, ${comparison.passed ? 'passed' : 'failed'}`],
    ['Over', iso(comparison.endedAt)],
    ['Errors during', signed(comparison.errorRate * 100, ' points')],
  ];
  for (const { name, title } of measures) {
    const difference = comparison[name];
    if (difference !== undefined) rows.push([title, signed(difference, ' ms')]);
  }
  return rows;
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

/** Values that are written alike count as equal. */
function signed(value: number, unit: string): string {
  const shown = Number(value.toFixed(2));
  return shown === 0 ? 'the same' : `${shown > 0 ? '+' : ''}${shown}${unit}`;
}
