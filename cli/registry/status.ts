/** Owns `isthmus registry status`: how the registry is, endpoint by endpoint, and how the gateway stands with it. */
import type { RegistryReport } from '../../gateway/control/api/answers.ts';
import type { Cli } from '../cli.ts';
import { exitCodes } from '../exit.ts';
import { type Column, renderFields, renderTable, type View } from '../table.ts';
import { printable } from '../terminal.ts';
import type { Verb } from '../verb.ts';
import { rtt, span } from '../words.ts';

type Endpoint = RegistryReport['endpoints'][number];
type Watch = RegistryReport['watches'][number];
type Finding = RegistryReport['findings'][number];

export function statusVerb(registry: Verb, cli: Cli): void {
  registry
    .command('status')
    .description(
      'Show each endpoint of the registry, asked now, and how the gateway stands with it. Exits 1 where something is wrong.',
    )
    .examples(
      ['isthmus registry status', 'leader, size, revision, round trip, alarms; the lease'],
      ['isthmus registry status -o wide', 'and the watches, one by one'],
    )
    .action(async () => {
      const admin = await cli.admin();
      const report = await admin.get<RegistryReport>('/v1/registry');
      cli.print(report, (view) => layout(report, view));
      if (report.findings.length > 0) cli.exitCode = exitCodes.failed;
    });
}

function layout(report: RegistryReport, view: View): string {
  const { endpoints, watches, findings } = report;
  return [
    renderFields(standing(report), view),
    ...(endpoints.length === 0 ? [] : [renderTable(endpointColumns, endpoints, view)]),
    ...(view.wide && watches.length > 0 ? [renderTable(watchColumns, watches, view)] : []),
    ...findings.map((finding) => findingText(finding, view)),
  ].join('\n\n');
}

function standing({ kind, hosted, session, watches }: RegistryReport): [string, string][] {
  const kinds = {
    standalone: 'none: this cluster is in no federation',
    embedded: hosted
      ? 'embedded, in this gateway'
      : 'embedded, in a gateway of another cluster or machine',
    etcd: 'etcd',
  };
  const current = watches.filter(({ state }) => state === 'watching').length;
  return [
    ['registry', kinds[kind]],
    ...(session ? [['session', sessionText(session)] as [string, string]] : []),
    ...(watches.length > 0
      ? [
          [
            'watches',
            `${current} of ${watches.length} current, up to revision ${newest(watches)}`,
          ] as [string, string],
        ]
      : []),
  ];
}

function newest(watches: readonly Watch[]): number {
  return Math.max(...watches.map(({ revision }) => revision));
}

function sessionText({
  state,
  lease,
  pending,
  refused,
}: NonNullable<RegistryReport['session']>): string {
  return [
    state,
    lease === undefined ? 'no lease' : `lease ${lease}`,
    ...(pending > 0 ? [`${pending} to be written`] : []),
    ...(refused > 0 ? [`${refused} refused`] : []),
  ].join(', ');
}

const endpointColumns: readonly Column<Endpoint>[] = [
  { title: 'ENDPOINT', cell: ({ endpoint }) => endpoint, overlong: 'kept' },
  {
    title: 'STATE',
    cell: (e) => (e.state === 'answers' ? e.role : 'unavailable'),
    color: (e) => (e.state === 'answers' ? undefined : 'red'),
  },
  { title: 'MEMBER', cell: (e) => (e.state === 'answers' ? e.member : undefined) },
  { title: 'VERSION', cell: (e) => (e.state === 'answers' ? e.version : undefined) },
  {
    title: 'REVISION',
    cell: (e) => (e.state === 'answers' ? e.revision : undefined),
    align: 'right',
  },
  {
    title: 'SIZE',
    cell: (e) => (e.state === 'answers' ? mebibytes(e.sizeBytes) : undefined),
    align: 'right',
  },
  {
    title: 'IN USE',
    cell: (e) => (e.state === 'answers' ? mebibytes(e.inUseBytes) : undefined),
    align: 'right',
  },
  {
    title: 'ROUND TRIP',
    cell: (e) => (e.state === 'answers' ? rtt(e.latencyMs) : undefined),
    align: 'right',
  },
  { title: 'ALARMS', cell: (e) => (e.state === 'answers' ? e.alarms : undefined) },
];

const watchColumns: readonly Column<Watch>[] = [
  { title: 'PREFIX', cell: ({ prefix }) => prefix },
  {
    title: 'STATE',
    cell: ({ state }) => state,
    color: ({ state }) => (state === 'watching' ? undefined : 'yellow'),
  },
  { title: 'REVISION', cell: ({ revision }) => revision, align: 'right' },
  { title: 'SILENT', cell: ({ silenceMs }) => span(silenceMs), align: 'right' },
  { title: 'LISTED AGAIN', cell: ({ resyncs }) => resyncs, align: 'right' },
];

function findingText({ code, what, where, fix }: Finding, view: View): string {
  const place = where === undefined ? '' : ` (${printable(where)})`;
  const advice = fix === undefined ? '' : `\n  fix: ${printable(fix)}`;
  return `${view.paint('bold', printable(code))}: ${printable(what)}${place}${advice}`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
