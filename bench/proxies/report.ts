/** Owns what comes out: a table for each scenario, the ratios, and the same as JSON. */
import { type Metric, median, metrics, round, type Sample, summary } from './metrics.ts';
import type { Outcome, Scenario } from './rounds.ts';
import type { ProgramName } from './running.ts';

export type Outcomes = ReadonlyMap<ProgramName, Outcome>;

/** Cost of Isthmus over that of a peer. */
export interface Ratio {
  readonly name: string;
  readonly scenario: string;
  readonly peer: ProgramName;
  readonly metric: Metric;
}

export const ratios: readonly Ratio[] = [
  { name: 'oneHopVsNginx', scenario: 'oneHop', peer: 'nginx', metric: 'cpuUsPerRequest' },
  {
    name: 'twoGatewaysVsHaproxyH2',
    scenario: 'twoGateways',
    peer: 'haproxyH2',
    metric: 'cpuUsPerRequest',
  },
  { name: 'twoGatewaysVsNginx', scenario: 'twoGateways', peer: 'nginx', metric: 'cpuUsPerRequest' },
  { name: 'grpcVsHaproxy', scenario: 'grpc', peer: 'haproxy', metric: 'cpuUsPerRequest' },
  { name: 'bulkVsHaproxyH2', scenario: 'bulk', peer: 'haproxyH2', metric: 'cpuUsPerMB' },
  { name: 'bulkVsHaproxyH1', scenario: 'bulk', peer: 'haproxyH1', metric: 'cpuUsPerMB' },
  { name: 'p99VsHaproxy', scenario: 'smallBesideBulk', peer: 'haproxyH2', metric: 'p99Ms' },
  { name: 'handshakeVsNginx', scenario: 'handshake', peer: 'nginx', metric: 'cpuMsPerHandshake' },
  {
    name: 'idleTlsMemoryVsNginx',
    scenario: 'idleTls',
    peer: 'nginx',
    metric: 'bytesPerConnection',
  },
];

/** The median over the rounds of the ratio within a round; null when either side was not measured. */
export function ratioOf(ratio: Ratio, results: ReadonlyMap<string, Outcomes>): number | null {
  const outcomes = results.get(ratio.scenario);
  const own = roundsOf(outcomes?.get('isthmus'));
  const others = roundsOf(outcomes?.get(ratio.peer));
  if (own.length === 0 || others.length === 0) return null;
  const each = own.map(
    (sample, i) => (sample[ratio.metric] ?? Number.NaN) / (others[i]?.[ratio.metric] ?? Number.NaN),
  );
  return Number(median(each).toFixed(2));
}

/** A table with a line for each program. */
export function table({ name, title }: Scenario, outcomes: Outcomes): string {
  const samples = [...outcomes].map(([program, outcome]) => ({
    program,
    outcome,
    sample: summary(roundsOf(outcome)),
  }));
  const first = samples.find(({ outcome }) => outcome.kind === 'measured')?.sample ?? {};
  const columns = Object.keys(first) as Metric[];
  const head = ['', ...columns.map((metric) => metrics[metric][0])];
  const lines = samples.map(({ program, outcome, sample }) =>
    outcome.kind === 'unsupported'
      ? [program, `not supported: ${outcome.why}`]
      : [program, ...columns.map((metric) => shown(metric, sample))],
  );
  const widths = head.map((title, i) =>
    Math.max(
      title.length,
      ...lines.filter((line) => line.length > 2).map((line) => line[i]?.length ?? 0),
    ),
  );
  widths[0] = Math.max(...lines.map(([program]) => program?.length ?? 0));
  const rows = [head, ...lines].map((line) =>
    line
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  '),
  );
  return [`${name}: ${title}`, ...rows.map((row) => `  ${row.trimEnd()}`)].join('\n');
}

export function json(machine: object, results: ReadonlyMap<string, Outcomes>): object {
  return {
    machine,
    scenarios: Object.fromEntries(
      [...results].map(([name, outcomes]) => [
        name,
        Object.fromEntries([...outcomes].map(([program, outcome]) => [program, asJson(outcome)])),
      ]),
    ),
    ratios: Object.fromEntries(ratios.map((ratio) => [ratio.name, ratioOf(ratio, results)])),
  };
}

function asJson(outcome: Outcome): object {
  if (outcome.kind === 'unsupported') return { supported: false, why: outcome.why };
  return {
    ...summary(outcome.rounds),
    rounds: outcome.rounds.map((sample) =>
      Object.fromEntries(Object.entries(sample).map(([metric, value]) => [metric, round(value)])),
    ),
  };
}

function roundsOf(outcome: Outcome | undefined): readonly Sample[] {
  return outcome?.kind === 'measured' ? outcome.rounds : [];
}

function shown(metric: Metric, sample: Sample): string {
  const value = sample[metric];
  return value === undefined ? '-' : value.toFixed(metrics[metric][1]);
}
