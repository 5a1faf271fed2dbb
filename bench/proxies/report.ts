/** Owns the report: a table for each scenario, the ratios, and the same as JSON. */
import { type Metric, median, metrics, round, type Sample, summary } from './metrics.ts';
import type { Outcomes, Scenario } from './rounds.ts';
import type { ProgramName } from './running.ts';

/** Cost of Isthmus over that of another program; or, where there is none, a metric that is a ratio by itself. */
interface Comparison {
  readonly scenario: string;
  readonly against?: ProgramName;
  readonly metric: Metric;
}

/** The worst of some comparisons. */
interface Ratio {
  readonly name: string;
  readonly worstOf: readonly Comparison[];
}

export const ratios: readonly Ratio[] = [
  one('oneHopVsNginx', 'oneHop', 'nginx', 'cpuUsPerRequest'),
  one('oneHopVariedVsNginx', 'oneHopVaried', 'nginx', 'cpuUsPerRequest'),
  one('policiesVsNone', 'policies', 'isthmusBare', 'cpuUsPerRequest'),
  one('twoGatewaysVsHaproxyH2', 'twoGateways', 'haproxyH2', 'cpuUsPerRequest'),
  one('twoGatewaysVsNginx', 'twoGateways', 'nginx', 'cpuUsPerRequest'),
  one('grpcVsHaproxy', 'grpc', 'haproxy', 'cpuUsPerRequest'),
  one('bulkVsHaproxyH2', 'bulk', 'haproxyH2', 'cpuUsPerMB'),
  one('bulkVsHaproxyH1', 'bulk', 'haproxyH1', 'cpuUsPerMB'),
  {
    name: 'p99VsHaproxy',
    worstOf: [
      { scenario: 'twoGateways', against: 'haproxyH2', metric: 'p99Ms' },
      { scenario: 'smallBesideBulk', against: 'haproxyH2', metric: 'p99Ms' },
    ],
  },
  one('handshakeVsNginx', 'handshake', 'nginx', 'cpuUsPerRequest'),
  one('idleTlsMemoryVsNginx', 'idleTls', 'nginx', 'bytesPerConnection'),
  { name: 'p99BesideSlowClients', worstOf: [{ scenario: 'slowClients', metric: 'p99VsAlone' }] },
];

function one(name: string, scenario: string, against: ProgramName, metric: Metric): Ratio {
  return { name, worstOf: [{ scenario, against, metric }] };
}

/** Null when a part of the ratio was not measured. */
export function ratioOf({ worstOf }: Ratio, results: ReadonlyMap<string, Outcomes>): number | null {
  const each = worstOf.map((comparison) => compared(comparison, results));
  const worst = Math.max(...each.map((value) => value ?? Number.NaN));
  return Number.isNaN(worst) ? null : Number(worst.toFixed(2));
}

/** The median over the rounds of the ratio within a round. */
function compared(
  { scenario, against, metric }: Comparison,
  results: ReadonlyMap<string, Outcomes>,
): number | undefined {
  const outcomes = results.get(scenario);
  const own = outcomes?.get('isthmus') ?? [];
  const others = against === undefined ? own.map(() => ({ [metric]: 1 })) : outcomes?.get(against);
  if (own.length === 0 || others?.length !== own.length) return undefined;
  return median(
    own.map((sample, i) => (sample[metric] ?? Number.NaN) / (others[i]?.[metric] ?? Number.NaN)),
  );
}

/** A table with a line for each program. */
export function table({ name, title }: Scenario, outcomes: Outcomes): string {
  const samples = [...outcomes].map(([program, rounds]) => [program, summary(rounds)] as const);
  const columns = Object.keys(samples[0]?.[1] ?? {}) as Metric[];
  const head = ['', ...columns.map((metric) => metrics[metric][0])];
  const lines = samples.map(([program, sample]) => [
    program,
    ...columns.map((metric) => shown(metric, sample)),
  ]);
  const widths = head.map((title, i) =>
    Math.max(title.length, ...lines.map((line) => line[i]?.length ?? 0)),
  );
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
        Object.fromEntries([...outcomes].map(([program, rounds]) => [program, asJson(rounds)])),
      ]),
    ),
    ratios: Object.fromEntries(ratios.map((ratio) => [ratio.name, ratioOf(ratio, results)])),
  };
}

function asJson(rounds: readonly Sample[]): object {
  return {
    ...summary(rounds),
    rounds: rounds.map((sample) =>
      Object.fromEntries(Object.entries(sample).map(([metric, value]) => [metric, round(value)])),
    ),
  };
}

function shown(metric: Metric, sample: Sample): string {
  const value = sample[metric];
  return value === undefined ? '-' : value.toFixed(metrics[metric][1]);
}
